package io.bunnydb.internal.engine;

import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.internal.source.Publication;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Checks whether a publication that an administrator made sends what the mappings want, no less and
 * nothing that is excluded.
 *
 * @param publication its name
 * @param source a connection to the source
 */
record GivenPublication(String publication, Connection source) {

  /** Adds what stands against it. */
  void check(List<MirroredTable> tables, Findings findings) throws SQLException {
    if (!Publication.exists(source, publication)) {
      findings.error(
          null,
          "the source has no publication " + publication,
          "make it, or leave publication(...) out");
      return;
    }
    if (!Publication.sendsEverything(source, publication)) {
      findings.error(
          null,
          "publication " + publication + " does not publish insert, update, delete and truncate",
          "alter it to");
    }
    Map<TableName, Publication.Entry> entries =
        Publication.entries(source, publication).stream()
            .collect(Collectors.toMap(Publication.Entry::name, Function.identity(), (a, b) -> a));
    for (MirroredTable table : tables) {
      String name = "publication " + publication + ": table " + table.table().name();
      Publication.Entry entry = entries.get(table.table().name());
      if (entry == null) {
        boolean isPartitioned = table.table().isPartitioned();
        findings.error(
            table.table().name(),
            name + " is not in it" + (isPartitioned ? " under its own name" : ""),
            isPartitioned ? "it needs publish_via_partition_root" : "add it");
        continue;
      }
      if (entry.columns() != null) {
        checkColumns(name, table, entry.columns(), findings);
      }
      checkFilter(name, table, entry.filter(), findings);
    }
  }

  private static void checkColumns(
      String name, MirroredTable table, Set<String> sent, Findings findings) {
    TableName tableName = table.table().name();
    Set<String> lacking = new TreeSet<>(table.columnNames());
    lacking.removeAll(sent);
    if (!lacking.isEmpty()) {
      findings.error(
          tableName, name + " lacks " + String.join(", ", lacking), "add it, or exclude it");
    }
    Set<String> leaving = new TreeSet<>(table.mapping().excludedColumns());
    leaving.retainAll(sent);
    if (!leaving.isEmpty()) {
      findings.error(
          tableName,
          name + " sends the excluded " + String.join(", ", leaving),
          "give it a column list");
    }
    Set<String> computed = new TreeSet<>();
    for (Column column : table.table().columns()) {
      if (column.isGenerated() && sent.contains(column.name())) {
        computed.add(column.name());
      }
    }
    computed.removeAll(leaving);
    if (!computed.isEmpty()) {
      findings.error(
          tableName,
          name
              + " sends the generated "
              + String.join(", ", computed)
              + ", which the destination computes itself",
          "set publish_generated_columns = none, or leave it out of the column list");
    }
  }

  private void checkFilter(
      String name, MirroredTable table, @Nullable String sent, Findings findings)
      throws SQLException {
    TableName tableName = table.table().name();
    String wanted = table.mapping().filter();
    if ((sent == null) != (wanted == null)) {
      findings.error(
          tableName,
          name + (sent == null ? " has no" : " has a") + " row filter, unlike the mapping",
          "make both agree");
    } else if (sent != null && wanted != null) {
      try {
        String stored = Publication.storedFilter(source, table.table(), wanted);
        if (!sent.equals(stored)) {
          findings.error(tableName, name + " has another row filter, " + sent, "make both agree");
        }
      } catch (SQLException e) {
        findings.error(
            tableName,
            name + ": the mapping's row filter cannot be compared with it: " + e.getMessage(),
            "mend the filter, or grant TEMPORARY on the database");
      }
    }
  }
}
