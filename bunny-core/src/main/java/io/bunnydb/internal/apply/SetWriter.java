package io.bunnydb.internal.apply;

import io.bunnydb.internal.apply.BatchWriter.SetFailedException;
import io.bunnydb.internal.apply.NetChanges.Kind;
import io.bunnydb.internal.catalog.Table;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Gathers the changes of one table, and writes their net effect: the deletes, the updates of each
 * set of columns, and the inserts, each by a statement or, if they are very large, by a few.
 *
 * <p>Used by one thread.
 */
final class SetWriter {
  private static final int STATEMENT_BYTES = 16 << 20;
  private static final Set<String> WHOLE_NUMBERS = Set.of("smallint", "integer", "bigint");

  /** The changes gathered. */
  final NetChanges changes;

  /** Whether changes are being gathered. */
  boolean isGathering;

  private final SetSql sql;
  private final boolean[] written;
  private final boolean[] key;
  private final KeyOrder order;
  private final WireForm form;
  private final boolean[] set;
  private final boolean[] parameters;
  private @Nullable CopyRows copy;

  private SetWriter(SetSql sql, boolean[] written, boolean[] key, WireForm form, KeyOrder order) {
    this.sql = sql;
    this.written = written;
    this.key = key;
    this.order = order;
    this.changes = new NetChanges(written, key, form.kind);
    this.form = form;
    this.set = new boolean[written.length];
    this.parameters = new boolean[written.length];
  }

  /**
   * A writer for a table; null where only one change after the other has the source's effect.
   *
   * @param columns the relation's columns
   * @param written per column, whether it is written at all
   * @param key per column, whether it belongs to the key; there is one at the least
   * @param form the form of values
   */
  static @Nullable SetWriter of(
      Connection destination,
      Table table,
      List<String> columns,
      boolean[] written,
      boolean[] key,
      WireForm form)
      throws SQLException {
    SetSql sql = SetSql.of(destination, table, columns, written, key, form.types);
    if (sql == null) {
      return null;
    }
    int first = 0;
    while (!key[first]) {
      first++;
    }
    var column = table.column(columns.get(first));
    boolean isNumber = column != null && WHOLE_NUMBERS.contains(column.typeSql());
    KeyOrder.Form order = isNumber ? KeyOrder.Form.DECIMAL : KeyOrder.Form.BYTES;
    if (form.isBinary()) {
      order = form.types[first].isWholeNumber() ? KeyOrder.Form.BIG_ENDIAN : KeyOrder.Form.BYTES;
    }
    return new SetWriter(sql, written, key, form, new KeyOrder(first, order));
  }

  /** Begins to gather changes, which lie in the array. */
  void begin(byte[] batchBytes) {
    isGathering = true;
    changes.begin(batchBytes);
  }

  /** Forgets the changes, and gives back memory that is much. */
  void end() {
    isGathering = false;
    changes.end();
    order.end();
  }

  /**
   * Writes the net effect and adds the changes to the table's counts.
   *
   * @throws SetFailedException if rows are missing
   */
  void write(DestinationTable target, Connection destination, ArrayParameters arrays)
      throws SQLException {
    // In this order, as a row may come with a unique value that another has left.
    writeDeletes(target, destination, arrays);
    writeUpdates(target, destination, arrays);
    writeInserts(target, destination);
    target.inserted += changes.inserted();
    target.updated += changes.updated();
    target.deleted += changes.deleted();
  }

  /** Frees what a failure left open. */
  void cancel() throws SQLException {
    CopyRows open = copy;
    copy = null;
    if (open != null) {
      open.cancel();
    }
  }

  private void writeDeletes(DestinationTable target, Connection destination, ArrayParameters arrays)
      throws SQLException {
    order.sort(changes, Kind.DELETE, Kind.REPLACE);
    if (order.count() > 0) {
      System.arraycopy(key, 0, parameters, 0, key.length);
      writeAlike(target, destination, arrays, sql.delete, order.count());
    }
  }

  /** Each round writes those that set the same columns as the first of what is left. */
  private void writeUpdates(DestinationTable target, Connection destination, ArrayParameters arrays)
      throws SQLException {
    order.sort(changes, Kind.UPDATE, Kind.UPDATE);
    while (order.count() > 0) {
      int first = order.entry(0);
      for (int column = 0; column < set.length; column++) {
        set[column] = !key[column] && changes.isSet(first, column);
        parameters[column] = key[column] || set[column];
      }
      writeAlike(target, destination, arrays, sql.update(set), order.partition(this::isAlike));
    }
  }

  private boolean isAlike(int entry) {
    for (int column = 0; column < parameters.length; column++) {
      if (changes.isSet(entry, column) != parameters[column]) {
        return false;
      }
    }
    return true;
  }

  /** Runs a statement for the first entries of the order, which have the same parameters. */
  private void writeAlike(
      DestinationTable target,
      Connection destination,
      ArrayParameters arrays,
      String statementSql,
      int count)
      throws SQLException {
    try (PreparedStatement statement = destination.prepareStatement(statementSql)) {
      int place = 0;
      while (place < count) {
        int begin = place;
        int bytes = 0;
        begin(arrays);
        while (place < count && bytes < STATEMENT_BYTES) {
          bytes += bind(order.entry(place++), arrays);
        }
        for (int parameter = 0; parameter < arrays.count(); parameter++) {
          statement.setObject(parameter + 1, arrays.get(parameter));
        }
        int rows = statement.executeUpdate();
        if (rows != place - begin) {
          throw new SetFailedException(
              target, place - begin + " changes met " + rows + " rows", null);
        }
      }
      order.removeFirst(count);
    } finally {
      arrays.clear();
    }
  }

  private void begin(ArrayParameters arrays) {
    arrays.clear();
    for (int column = 0; column < parameters.length; column++) {
      if (parameters[column]) {
        arrays.add(form.types[column]);
      }
    }
  }

  /** Adds an entry to the parameters; gives how many bytes it has. */
  private int bind(int entry, ArrayParameters arrays) {
    int bytes = 0;
    int parameter = 0;
    for (int column = 0; column < parameters.length; column++) {
      if (!parameters[column]) {
        continue;
      }
      ArrayParameter array = arrays.get(parameter++);
      if (changes.isNull(entry, column)) {
        array.addNull();
      } else {
        int length = changes.length(entry, column);
        array.add(changes.bytes(), changes.offset(entry, column), length);
        bytes += length;
      }
    }
    return bytes;
  }

  private void writeInserts(DestinationTable target, Connection destination) throws SQLException {
    int rows = 0;
    for (int entry = 0; entry < changes.count(); entry++) {
      Kind kind = changes.kind(entry);
      if (kind != Kind.INSERT && kind != Kind.REPLACE) {
        continue;
      }
      CopyRows open = copy;
      if (open == null) {
        open = CopyRows.into(target, destination);
        copy = open;
      }
      copyRow(entry, open);
      rows++;
    }
    CopyRows open = copy;
    if (open != null) {
      long taken = open.end();
      copy = null;
      if (taken >= 0 && taken != rows) {
        throw new SetFailedException(
            target, "the server took " + taken + " of " + rows + " rows", null);
      }
      target.requireTypes(destination);
    }
  }

  private void copyRow(int entry, CopyRows to) throws SQLException {
    to.beginRow();
    for (int column = 0; column < written.length; column++) {
      if (!written[column]) {
        continue;
      }
      if (changes.isNull(entry, column)) {
        to.nullValue();
      } else {
        to.value(changes.bytes(), changes.offset(entry, column), changes.length(entry, column));
      }
    }
    to.endRow();
  }
}
