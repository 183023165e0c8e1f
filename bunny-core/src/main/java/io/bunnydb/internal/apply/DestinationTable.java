package io.bunnydb.internal.apply;

import io.bunnydb.Lsn;
import io.bunnydb.TableName;
import io.bunnydb.internal.apply.Applier.LiveTable;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.Column.Generation;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.pgoutput.ReplicaIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The destination table of one relation: where each column of a tuple goes, by what a row is found,
 * and the SQL for it. Columns are numbered as in the relation's tuples.
 */
final class DestinationTable {
  final TableProgress progress;
  final Lsn from;
  final RelationShape shape;
  final Table table;

  /** Whether a row that is there already is written over, be it that changes can come again. */
  final boolean overwrites;

  /** Whether changes may come that were applied before. */
  final boolean isRepeatable;

  /** Whether a row that is not found is an error. */
  final boolean stopsAtMissingRow;

  /** Per column: whether it is written at all. */
  final boolean[] written;

  /** Per column: whether it helps to find the row. */
  final boolean[] key;

  /** Per column: whether the destination refuses to update it. */
  final boolean[] identityAlways;

  /** Whether only the whole row tells which row is meant. */
  final boolean matchesWholeRow;

  /** {@code COPY} of rows in text form. */
  final String copySql;

  /** {@code INSERT} of one row that takes the place of one with the same key. */
  final String upsertSql;

  /** {@code DELETE} of one row; parameters are the columns to find it by. */
  final String deleteSql;

  private final @Nullable String[] conditions;
  private boolean[] lastSet = new boolean[0];
  private String lastUpdateSql = "";

  // Counts of the open transaction; they become the table's progress when it commits.
  long inserted;
  long updated;
  long deleted;
  long missing;

  private DestinationTable(
      LiveTable live,
      boolean isRepeatable,
      RelationShape shape,
      Table table,
      boolean[] written,
      boolean[] key,
      boolean[] identityAlways,
      boolean matchesWholeRow,
      @Nullable String[] conditions) {
    this.progress = live.progress();
    this.from = live.from();
    this.isRepeatable = isRepeatable;
    this.overwrites = isRepeatable || live.overwrites();
    this.stopsAtMissingRow = live.stopsAtMissingRow();
    this.shape = shape;
    this.table = table;
    this.written = written;
    this.key = key;
    this.identityAlways = identityAlways;
    this.matchesWholeRow = matchesWholeRow;
    this.conditions = conditions;
    String columns = writtenColumns();
    this.copySql =
        "COPY "
            + table.name().toSql()
            + (columns.isEmpty() ? "" : " (" + columns + ")")
            + " FROM STDIN";
    this.upsertSql = composeUpsert();
    this.deleteSql = "DELETE FROM " + table.toSql() + where();
  }

  /** Thrown where the destination table does not fit the relation; the message holds the cure. */
  static final class MismatchException extends Exception {
    private static final long serialVersionUID = 1L;

    MismatchException(String message) {
      super(message);
    }
  }

  /**
   * Finds the destination table of a relation and holds the two against each other.
   *
   * @param isRepeatable whether changes may come that were applied before
   */
  static DestinationTable resolve(
      Connection destination, LiveTable live, boolean isRepeatable, RelationShape shape)
      throws SQLException, MismatchException {
    TableProgress progress = live.progress();
    Optional<Table> found = Catalog.table(destination, progress.mapping().destination());
    if (found.isEmpty()) {
      throw new MismatchException(
          "the destination table is gone; create it again and resume, or remove the table with"
              + " updateTables and add it again to have it copied");
    }
    Table table = found.get();
    int width = shape.columns().size();
    boolean[] written = new boolean[width];
    boolean[] identityAlways = new boolean[width];
    List<String> writtenNames = new ArrayList<>();
    for (int i = 0; i < width; i++) {
      String name = shape.columns().get(i);
      if (progress.mapping().excludedColumns().contains(name)) {
        continue;
      }
      Column column = table.column(name);
      if (column == null) {
        throw new MismatchException(
            "the destination table has no column " + name + "; add it, then resume");
      }
      if (column.isGenerated()) {
        throw new MismatchException(
            "the destination computes column " + name + "; drop the expression, then resume");
      }
      written[i] = true;
      writtenNames.add(name);
      identityAlways[i] = column.generation() == Generation.IDENTITY_ALWAYS;
    }
    List<String> keyNames = shape.keys();
    if (shape.identity() == ReplicaIdentity.FULL || keyNames.isEmpty()) {
      keyNames = writtenNames.containsAll(table.primaryKey()) ? table.primaryKey() : List.of();
    }
    boolean matchesWholeRow = keyNames.isEmpty();
    boolean[] key = new boolean[width];
    @Nullable String[] conditions = new String[width];
    for (int i = 0; i < width; i++) {
      String name = shape.columns().get(i);
      key[i] = written[i] && (matchesWholeRow || keyNames.contains(name));
      if (key[i]) {
        conditions[i] = condition(destination, table, name, matchesWholeRow);
      }
    }
    return new DestinationTable(
        live,
        isRepeatable,
        shape,
        table,
        written,
        key,
        identityAlways,
        matchesWholeRow,
        conditions);
  }

  /**
   * Whole rows are compared by the values' text, as it came over the wire: some types have no
   * equality, and under that of others, numeric among them, different values are equal. A cast to
   * text would not do, it differs from the output function for boolean and character.
   */
  private static String condition(Connection destination, Table table, String name, boolean byText)
      throws SQLException {
    String quoted = Sql.identifier(name);
    if (byText) {
      return "CASE WHEN "
          + quoted
          + " IS DISTINCT FROM NULL THEN pg_catalog.format('%s', "
          + quoted
          + ") END IS NOT DISTINCT FROM ?::text";
    }
    Column column = table.column(name);
    return column == null ? quoted + " = ?" : Catalog.equality(destination, column);
  }

  /** The columns by which a row is found, as SQL. */
  String keySql() {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < key.length; i++) {
      if (key[i]) {
        names.add(shape.columns().get(i));
      }
    }
    return Sql.identifiers(names);
  }

  /** The table's name on the source, as mapped. */
  TableName name() {
    return progress.mapping().source();
  }

  private String writtenColumns() {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < written.length; i++) {
      if (written[i]) {
        names.add(shape.columns().get(i));
      }
    }
    return Sql.identifiers(names);
  }

  private String composeUpsert() {
    StringBuilder sql = new StringBuilder("INSERT INTO ").append(table.name().toSql());
    if (writtenColumns().isEmpty()) {
      return sql.append(" DEFAULT VALUES").toString();
    }
    sql.append(" (").append(writtenColumns()).append(") OVERRIDING SYSTEM VALUE VALUES (");
    List<String> keys = new ArrayList<>();
    StringBuilder changes = new StringBuilder();
    String divider = "";
    for (int i = 0; i < written.length; i++) {
      if (!written[i]) {
        continue;
      }
      sql.append(divider).append('?');
      divider = ", ";
      String quoted = Sql.identifier(shape.columns().get(i));
      if (key[i]) {
        keys.add(shape.columns().get(i));
      } else {
        changes.append(changes.isEmpty() ? "" : ", ");
        changes.append(quoted).append(" = EXCLUDED.").append(quoted);
      }
    }
    sql.append(')');
    if (!matchesWholeRow) {
      sql.append(" ON CONFLICT (").append(Sql.identifiers(keys)).append(") DO ");
      sql.append(changes.isEmpty() ? "NOTHING" : "UPDATE SET " + changes);
    }
    return sql.toString();
  }

  /**
   * {@code UPDATE} of one row; parameters are the columns to set, then those to find it by.
   *
   * @param set per column, whether to set it; neighbours in the stream mostly set the same
   */
  String updateSql(boolean[] set) {
    if (Arrays.equals(set, lastSet)) {
      return lastUpdateSql;
    }
    StringBuilder sql = new StringBuilder("UPDATE ").append(table.toSql()).append(" SET ");
    String divider = "";
    for (int i = 0; i < written.length; i++) {
      if (set[i]) {
        sql.append(divider).append(Sql.identifier(shape.columns().get(i))).append(" = ?");
        divider = ", ";
      }
    }
    lastSet = set.clone();
    lastUpdateSql = sql.append(where()).toString();
    return lastUpdateSql;
  }

  /**
   * {@code DELETE} of the row at one end of a move, if another stands at the other end; parameters
   * are the key's columns of the one to delete, then twice of the other.
   */
  String makeRoomSql() {
    return "DELETE FROM "
        + table.toSql()
        + " WHERE "
        + allConditions()
        + " AND NOT ("
        + allConditions()
        + ") AND EXISTS (SELECT FROM "
        + table.toSql()
        + " WHERE "
        + allConditions()
        + ")";
  }

  private String where() {
    if (!matchesWholeRow) {
      return " WHERE " + allConditions();
    }
    // One of several equal rows; a ctid is unique within one partition only.
    return " WHERE (tableoid, ctid) = (SELECT tableoid, ctid FROM "
        + table.toSql()
        + " WHERE "
        + allConditions()
        + " LIMIT 1)";
  }

  private String allConditions() {
    StringBuilder sql = new StringBuilder();
    for (String condition : conditions) {
      if (condition != null) {
        sql.append(sql.isEmpty() ? "" : " AND ").append(condition);
      }
    }
    return sql.isEmpty() ? "true" : sql.toString();
  }

  /** Moves the counts of the transaction that has just committed to the table's progress. */
  void committed() {
    if (inserted + updated + deleted + missing > 0) {
      progress.committed(inserted, updated, deleted, missing);
      inserted = 0;
      updated = 0;
      deleted = 0;
      missing = 0;
    }
  }
}
