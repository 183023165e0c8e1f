package io.bunnydb.internal.schema;

import io.bunnydb.SchemaChange;
import io.bunnydb.SchemaChange.Outcome;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.pgoutput.ReplicaIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What is to be done for the columns of the source that the destination has not.
 *
 * <p>A row that is not written after a column was added is not sent again, so the destination has
 * to give the column the value that it had in such rows from the beginning. The rows that are on
 * the way without it then get that value, too, as the column's default, and those with it bring
 * theirs. A column whose number is not above those of all that the destination has is none that was
 * added. Of one that was, the value is known
 *
 * <ul>
 *   <li>from the catalog ({@link OldValue}), if the destination has lost no column, and has none
 *       that the source has not: then it has all of the source's columns from when the table was
 *       first mirrored, and this one has come since;
 *   <li>or by a look at every row of the source, if all of them hold the same now. Not where the
 *       destination finds a row only by the whole of it: one that is on the way may tell of an
 *       older value in the row's former self, which would not be found.
 * </ul>
 */
final class NewColumns {
  private static final String DROPPED =
      """
      SELECT true FROM pg_catalog.pg_attribute
      WHERE attrelid = CAST(? AS oid) AND attnum > 0 AND attisdropped
      LIMIT 1
      """;

  private static final String COLUMN_LIST =
      """
      SELECT true
      FROM pg_catalog.pg_publication_rel r
      JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
      WHERE p.pubname = ? AND r.prrelid = CAST(? AS oid) AND r.prattrs IS NOT NULL
      """;

  private static final String DOMAIN =
      """
      SELECT typtype = 'd' FROM pg_catalog.pg_type WHERE oid = CAST(? AS oid)
      """;

  private static final Pattern MODIFIER = Pattern.compile("\\(.*?\\)");

  private final Connection source;
  private final Connection destination;
  private final MirroredColumns both;
  private final TableName sourceName;
  private final TableName target;
  private final ColumnHistory history;
  private final String publication;
  private final RowScan rows;
  private final List<SchemaChange> changes;

  NewColumns(
      Connection source,
      Connection destination,
      MirroredColumns both,
      ColumnHistory history,
      String publication,
      RowScan rows,
      List<SchemaChange> changes) {
    this.source = source;
    this.destination = destination;
    this.both = both;
    this.sourceName = both.mirrored().table().name();
    this.target = both.target().name();
    this.history = history;
    this.publication = publication;
    this.rows = rows;
    this.changes = changes;
  }

  /**
   * Adds what is to be done.
   *
   * @param comments the source's comments
   * @return the destination's column that is to get another name; null where there is none
   */
  @Nullable String addChanges(Comments comments) throws SQLException {
    List<Column> missing = both.missing();
    if (missing.isEmpty()) {
      return null;
    }
    boolean hasVirtual = destination.getMetaData().getDatabaseMajorVersion() >= 18;
    List<Column> sent = missing.stream().filter(c -> !c.isGenerated()).toList();
    String renamed = null;
    if (!sent.isEmpty()) {
      boolean hasDropped = Sql.queryBoolean(destination, DROPPED, both.target().oid());
      renamed = hasDropped ? null : renamed(sent);
      if (renamed != null) {
        addRename(renamed, sent.get(0).name());
      } else {
        boolean isLossless = !hasDropped && both.unmatched().isEmpty();
        for (Column column : sent) {
          add(column, isLossless, comments.columns().get(column.name()));
        }
      }
    }
    for (Column column : missing) {
      if (column.isGenerated()) {
        add(
            "ADD COLUMN " + TableCreator.definition(column, hasVirtual),
            Outcome.WAITS,
            ColumnChanges.ON_THE_WAY);
      }
    }
    return renamed;
  }

  /**
   * The destination's column whose values are those of the one missing column, which has got
   * another name; null where that is not certain.
   *
   * <p>It is if the column was there when the source's table was made, as another one was that has
   * a higher number; if the other columns have their names from then; and if the destination, which
   * has lost no column, has just one without a counterpart. Then that is the name which the missing
   * column had.
   */
  private @Nullable String renamed(List<Column> missing) {
    List<Column> unmatched = both.unmatched();
    if (missing.size() != 1 || unmatched.size() != 1) {
      return null;
    }
    Column column = missing.get(0);
    Column known = unmatched.get(0);
    Set<String> others = new HashSet<>(history.numbers().keySet());
    others.remove(column.name());
    boolean areOthersAsMade = history.asCreated().containsAll(others);
    boolean wasThere =
        others.stream().anyMatch(other -> history.number(other) > history.number(column.name()));
    return areOthersAsMade
            && wasThere
            && both.mirrored().mapping().excludedColumns().isEmpty()
            && !known.isGenerated()
            && known.typeSql().equals(column.typeSql())
        ? known.name()
        : null;
  }

  private void addRename(String from, String to) {
    add(
        "RENAME COLUMN " + Sql.identifier(from) + " TO " + Sql.identifier(to),
        Outcome.WAITS,
        "rows that are on the way may still have the old name; where one of the new name has stopped"
            + " the mirror, run it by hand, and resync("
            + sourceName
            + ") if one of the old name stops it then");
  }

  private void add(Column column, boolean isLossless, @Nullable String comment)
      throws SQLException {
    String obstacle = obstacle(column);
    if (obstacle == null) {
      OldValue old =
          isLossless
              ? OldValue.read(source, both.mirrored().table(), column.name())
              : OldValue.UNKNOWN;
      boolean isStored = old.isKnown();
      if (!isStored && !matchesWholeRows()) {
        old =
            rows.ofEveryRow(both.mirrored().table(), column.name(), history.number(column.name()));
      }
      if (old.text() != null && ColumnChanges.isCounted(column)) {
        obstacle =
            "rows of before have one value in it, which would stay its default, as the source's"
                + " own takes values from a sequence";
      } else if (old.isKnown()) {
        addWith(column, old.text(), comment, isStored ? null : looked());
        return;
      } else {
        obstacle =
            "rows may hold values in it that they had when it was added, and that are not sent";
      }
    }
    add(
        "ADD COLUMN " + TableCreator.nameAndType(column),
        Outcome.BY_HAND,
        obstacle + "; run it, then resync(" + sourceName + ")" + otherwiseRename(column));
  }

  private boolean matchesWholeRows() {
    return both.mirrored().table().identity() == ReplicaIdentity.FULL
        && both.target().primaryKey().isEmpty();
  }

  private String looked() {
    return "if a USING expression changed it since it was added, call resync(" + sourceName + ")";
  }

  /** What stands against it whatever the values are; null for nothing. */
  private @Nullable String obstacle(Column column) throws SQLException {
    if (MissingTypes.sql(source, destination, column).isEmpty()) {
      return "the destination has no type " + column.typeSql() + ": make it first";
    }
    boolean isLast =
        history.numbers().entrySet().stream()
            .filter(e -> both.target().column(e.getKey()) != null)
            .allMatch(e -> e.getValue() < history.number(column.name()));
    if (!isLast) {
      return "it is older than columns that both sides have, so that one of these may have taken its"
          + " name, and hold other values on the destination";
    }
    if (history.hasRecentDrop()) {
      return "a column was dropped on the source lately, and rows that are on the way may hold its"
          + " values under this name: call again some minutes after the mirror has caught up, or do"
          + " not wait";
    }
    boolean hasLists = source.getMetaData().getDatabaseMajorVersion() >= 15;
    if (hasLists
        && Sql.queryBoolean(source, COLUMN_LIST, publication, both.mirrored().table().oid())) {
      return "publication "
          + publication
          + " has a list of the table's columns, and what was written since does not hold this one"
          + " (where the publication is not Bunny's own, add it to the list first)";
    }
    return null;
  }

  private String otherwiseRename(Column column) {
    String renames =
        both.unmatched().stream()
            .filter(c -> !c.isGenerated())
            .map(
                c ->
                    "ALTER TABLE "
                        + target.toSql()
                        + " RENAME COLUMN "
                        + Sql.identifier(c.name())
                        + " TO "
                        + Sql.identifier(column.name()))
            .collect(Collectors.joining(" or "));
    return renames.isEmpty()
        ? ""
        : "; or, if it is an old column under a new name, run only " + renames;
  }

  /**
   * Adds a column in which rows of before have a value, and what follows when it is there.
   *
   * @param advice what is to be known of it; null for nothing
   */
  private void addWith(
      Column column, @Nullable String value, @Nullable String comment, @Nullable String advice)
      throws SQLException {
    String expression = column.defaultSql();
    boolean isDefault = value != null && isConstant(expression, value, column.typeSql());
    String given =
        value == null
            // A domain's own default would stand in.
            ? isDomain(column) ? "NULL" : null
            : isDefault
                ? expression
                : "CAST(" + Sql.literal(value) + " AS " + column.typeSql() + ")";
    String sql =
        "ADD COLUMN "
            + TableCreator.nameAndType(column)
            + (given == null ? "" : " DEFAULT " + given);
    if (comment != null) {
      sql += "; " + Comments.columnSql(target, column.name(), comment);
    }
    for (String type : MissingTypes.sql(source, destination, column).orElseThrow()) {
      changes.add(
          new SchemaChange(target, type, Outcome.DUE, "column " + column.name() + " needs it"));
    }
    add(sql, Outcome.DUE, advice);
    if (column.generation() == Column.Generation.NONE) {
      ColumnChanges.addDefault(target, column, given, changes);
    }
    if (column.notNull()) {
      ColumnChanges.addNotNull(target, column.name(), changes);
    }
  }

  private boolean isDomain(Column column) throws SQLException {
    return Sql.queryBoolean(source, DOMAIN, column.typeOid());
  }

  /** Whether an expression is a constant, as the server writes one, with just this value. */
  static boolean isConstant(@Nullable String expression, String value, String typeSql) {
    String type = MODIFIER.matcher(typeSql).replaceAll("");
    return value.equals(expression)
        || (Sql.literal(value) + "::" + type).equals(expression)
        || (type.equals("boolean") && (value.equals("t") ? "true" : "false").equals(expression));
  }

  private void add(String how, Outcome outcome, @Nullable String reason) {
    changes.add(new SchemaChange(target, alter(target, how), outcome, reason));
  }

  /** The SQL that alters a table. */
  static String alter(TableName table, String how) {
    return "ALTER TABLE " + table.toSql() + " " + how;
  }
}
