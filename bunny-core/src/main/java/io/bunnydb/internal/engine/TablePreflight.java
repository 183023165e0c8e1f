package io.bunnydb.internal.engine;

import io.bunnydb.Peer;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.internal.source.Partition;
import io.bunnydb.internal.source.Publication;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * Checks whether tables can be mirrored: in the publication, by {@link SourceTablePreflight} on the
 * source, and by {@link DestinationTablePreflight} on the destination.
 */
final class TablePreflight {
  private final MirrorConfig config;
  private final Connection source;
  private final Connection destination;
  private final SourceTablePreflight sourceTables;
  private final DestinationTablePreflight destinationTables;

  TablePreflight(MirrorConfig config, Connection source, Connection destination) {
    this.config = config;
    this.source = source;
    this.destination = destination;
    this.sourceTables = new SourceTablePreflight(config.source(), source);
    this.destinationTables = new DestinationTablePreflight(config, destination);
  }

  /**
   * Checks tables that are to be added to a mirror.
   *
   * @param areCopied whether the copy brings their rows, so that the destination must be empty
   * @param owned destination tables whose rows are the mirror's own and may go
   * @param problems takes what stands against them
   */
  void check(
      List<TableMapping> mappings, boolean areCopied, Set<TableName> owned, List<String> problems)
      throws SQLException {
    List<MirroredTable> found = new ArrayList<>();
    for (TableMapping mapping : mappings) {
      Optional<Table> table = Catalog.table(source, mapping.source());
      if (table.isEmpty()) {
        problems.add("the source has no table " + mapping.source() + "; check schema and spelling");
        continue;
      }
      MirroredTable mirrored = new MirroredTable(mapping, table.get());
      found.add(mirrored);
      int before = problems.size();
      sourceTables.check(mirrored, problems);
      if (problems.size() == before) {
        boolean mustBeEmpty = areCopied && !owned.contains(mapping.destination());
        destinationTables.check(mirrored, areCopied, mustBeEmpty, problems);
      }
    }
    if (areCopied && !found.isEmpty()) {
      int workers =
          config.options().copy().workersFor(found.stream().map(MirroredTable::table).toList());
      new ServerCapacity(source).checkConnections("source", workers, problems);
      new ServerCapacity(destination).checkConnections("destination", workers, problems);
    }
    if (!config.ownsPublication()) {
      new GivenPublication(config.publication(), source).check(found, problems);
    } else if (problems.isEmpty() && !found.isEmpty()) {
      tryPublication(found, problems);
    }
  }

  /** Changes of a partition come under one name, that of the topmost table that is published. */
  void checkHierarchies(List<TableMapping> all, List<String> problems) throws SQLException {
    Partition.within(source, all.stream().map(TableMapping::source).toList())
        .forEach(
            (partition, root) ->
                problems.add(
                    "table "
                        + partition
                        + " is a partition of "
                        + root
                        + ", which is mirrored too, and its changes would come under that name; map"
                        + " one of them alone"));
  }

  private void tryPublication(List<MirroredTable> tables, List<String> problems)
      throws SQLException {
    Sql.execute(source, "SET lock_timeout = '10s'");
    try {
      problems.addAll(Publication.tryOut(source, config.publication(), tables));
    } catch (SQLException e) {
      problems.add(
          "the source does not accept the publication: "
              + e.getMessage()
              + detail(e)
              + "; grant what is missing (CREATE on the database, ownership of the tables), or mend the"
              + " row filter");
    } finally {
      Sql.execute(source, "SET lock_timeout = 0");
    }
  }

  /** What the server adds to its message; about a publication it holds no rows. */
  private static String detail(SQLException e) {
    ServerErrorMessage message = e instanceof PSQLException p ? p.getServerErrorMessage() : null;
    return message == null || message.getDetail() == null ? "" : " (" + message.getDetail() + ")";
  }

  static boolean mayUseSchema(Connection connection, TableName table) throws SQLException {
    return Sql.queryBoolean(
        connection,
        "SELECT pg_catalog.has_schema_privilege(CAST(? AS text), 'USAGE')",
        table.schema());
  }

  static String unusable(TableName table, Peer peer) {
    return " is in a schema that may not be used; GRANT USAGE ON SCHEMA "
        + Sql.identifier(table.schema())
        + " TO "
        + peer.user();
  }
}
