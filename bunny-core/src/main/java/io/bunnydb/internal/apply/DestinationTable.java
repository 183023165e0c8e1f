package io.bunnydb.internal.apply;

import io.bunnydb.Lsn;
import io.bunnydb.TableName;
import io.bunnydb.internal.apply.Applier.LiveTable;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.Column.Generation;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.catalog.WireType;
import io.bunnydb.pgoutput.ReplicaIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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

  /** The form in which values come. */
  final WireForm form;

  /** Whether only the whole row tells which row is meant. */
  final boolean matchesWholeRow;

  /** Whether each of its changes is seen by something that may look at other tables, too. */
  final boolean isWatched;

  /** The statements that change its rows one by one. */
  final RowSql rowSql;

  /** Writes the net effect of many changes; null where only each change does. */
  final @Nullable SetWriter setWriter;

  private final long[] types;
  private boolean areTypesKnown;

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
      long[] types,
      WireForm form,
      boolean matchesWholeRow,
      boolean isWatched,
      RowSql rowSql,
      @Nullable SetWriter setWriter) {
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
    this.types = types;
    this.form = form;
    this.matchesWholeRow = matchesWholeRow;
    this.isWatched = isWatched;
    this.rowSql = rowSql;
    this.setWriter = setWriter;
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
   * @param usesSets whether many rows may be changed at once where the table lets them
   * @param binary the source's types where values come in binary form; null where as text
   * @throws Applier.TextNeededException if they may not
   */
  static DestinationTable resolve(
      Connection destination,
      LiveTable live,
      boolean isRepeatable,
      boolean usesSets,
      WireType.@Nullable Directory binary,
      RelationShape shape)
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
    long[] types = new long[width];
    List<String> writtenNames = new ArrayList<>();
    for (int i = 0; i < width; i++) {
      String name = shape.columns().get(i);
      if (progress.mapping().excludedColumns().contains(name)) {
        continue;
      }
      Column column = table.column(name);
      if (column == null) {
        throw new MismatchException(
            "the destination table has no column "
                + name
                + "; add it, then resume; syncSchema adds it with what older rows hold");
      }
      if (column.isGenerated()) {
        throw new MismatchException(
            "the destination computes column " + name + "; drop the expression, then resume");
      }
      written[i] = true;
      types[i] = column.typeOid();
      writtenNames.add(name);
      identityAlways[i] = column.generation() == Generation.IDENTITY_ALWAYS;
    }
    List<String> keyNames = shape.keys();
    if (shape.identity() == ReplicaIdentity.FULL || keyNames.isEmpty()) {
      keyNames = writtenNames.containsAll(table.primaryKey()) ? table.primaryKey() : List.of();
    }
    boolean matchesWholeRow = keyNames.isEmpty();
    if (binary != null && matchesWholeRow && shape.identity() == ReplicaIdentity.FULL) {
      throw new Applier.TextNeededException("rows of " + table.name() + " are found by their text");
    }
    WireForm form =
        binary == null ? WireForm.text(width) : WireForm.binary(destination, binary, shape, types);
    boolean[] key = new boolean[width];
    @Nullable String[] conditions = new String[width];
    for (int i = 0; i < width; i++) {
      String name = shape.columns().get(i);
      key[i] = written[i] && (matchesWholeRow || keyNames.contains(name));
      if (key[i]) {
        conditions[i] = condition(destination, table, name, matchesWholeRow);
      }
    }
    RowSql rowSql =
        new RowSql(
            table, shape.columns(), written, key, matchesWholeRow, conditions, form.isBinary());
    boolean isWatched = usesSets && SetSql.isWatched(destination, table);
    boolean mayUseSets =
        usesSets && !isWatched && !live.overwrites() && !matchesWholeRow && !shape.keys().isEmpty();
    return new DestinationTable(
        live,
        isRepeatable,
        shape,
        table,
        written,
        key,
        identityAlways,
        types,
        form,
        matchesWholeRow,
        isWatched,
        rowSql,
        mayUseSets ? SetWriter.of(destination, table, shape.columns(), written, key, form) : null);
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
    return column == null ? quoted + " = ?" : Catalog.equality(destination, column, "?");
  }

  /**
   * Makes sure that what was copied in binary form was read as what it is: the table may have been
   * altered since it was looked at. After the copy it cannot be until the transaction ends.
   *
   * @throws SQLException if it has been; the session is to begin anew then
   */
  void requireTypes(Connection destination) throws SQLException {
    if (areTypesKnown || !form.isBinary()) {
      return;
    }
    Map<String, Long> found = Catalog.columnTypes(destination, table.name());
    for (int i = 0; i < types.length; i++) {
      if (written[i] && !Objects.equals(found.get(shape.columns().get(i)), types[i])) {
        throw new SQLException(
            "column "
                + shape.columns().get(i)
                + " of "
                + table.name()
                + " was altered on the destination while rows were copied into it; they are copied"
                + " again",
            "40001");
      }
    }
    areTypesKnown = true;
  }

  /** How many columns are written. */
  int columnsWritten() {
    int count = 0;
    for (boolean isWritten : written) {
      count += isWritten ? 1 : 0;
    }
    return count;
  }

  /** The table's name on the source, as mapped. */
  TableName name() {
    return progress.mapping().source();
  }

  /** What was counted of the open transaction at some time. */
  record Counts(long inserted, long updated, long deleted, long missing) {
    static final Counts NONE = new Counts(0, 0, 0, 0);
  }

  /** What is counted so far. */
  Counts counts() {
    return new Counts(inserted, updated, deleted, missing);
  }

  /** Undoes what was counted since. */
  void backTo(Counts counts) {
    areTypesKnown = false;
    inserted = counts.inserted;
    updated = counts.updated;
    deleted = counts.deleted;
    missing = counts.missing;
  }

  /**
   * Adds the counts of the transaction that has just committed to the table's progress.
   *
   * @return their sum
   */
  long committed() {
    areTypesKnown = false;
    long rows = inserted + updated + deleted + missing;
    if (rows > 0) {
      progress.committed(inserted, updated, deleted, missing);
      backTo(Counts.NONE);
    }
    return rows;
  }
}
