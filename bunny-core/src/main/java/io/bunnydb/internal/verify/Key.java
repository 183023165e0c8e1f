package io.bunnydb.internal.verify;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * The key of a row.
 *
 * @param values the columns' values as text, in the key's order
 */
record Key(List<String> values) {

  /** Reads a key from the columns of a result. */
  static Key read(ResultSet row, int firstColumn, int width) throws SQLException {
    List<String> values = new ArrayList<>(width);
    for (int i = 0; i < width; i++) {
      values.add(row.getString(firstColumn + i));
    }
    return new Key(values);
  }

  /** Keys column by column, as array parameters. */
  static Object[] columns(List<Key> keys, int width) {
    Object[] columns = new Object[width];
    for (int i = 0; i < width; i++) {
      String[] column = new String[keys.size()];
      for (int k = 0; k < column.length; k++) {
        column[k] = keys.get(k).values.get(i);
      }
      columns[i] = column;
    }
    return columns;
  }
}
