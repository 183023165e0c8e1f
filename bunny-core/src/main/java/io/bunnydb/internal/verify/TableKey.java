package io.bunnydb.internal.verify;

import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * The key by which a table's rows are found, as one side has it. Immutable.
 *
 * @param columns its columns, in one order for both sides; empty where rows cannot be found
 * @param order the places of the columns, in the order in which an index has them and this side is
 *     read
 */
record TableKey(List<KeyColumn> columns, List<Integer> order) {
  /** No key. */
  static final TableKey NONE = new TableKey(List.of(), List.of());

  // Indexes that begin with the key's columns and put them in the order of ORDER BY or in its
  // reverse: 0 is ascending, 3 descending with NULL first. Those of other operators do not.
  private static final String ORDERS =
      """
      SELECT x.names
      FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      JOIN pg_catalog.pg_am m ON m.oid = c.relam AND m.amname = 'btree'
      CROSS JOIN (SELECT CAST(? AS text[]) AS names) k
      CROSS JOIN LATERAL
        (SELECT pg_catalog.array_agg(a.attname::text ORDER BY n) AS names,
                pg_catalog.bool_and(i.indcollation[n] = a.attcollation AND EXISTS
                  (SELECT FROM pg_catalog.pg_opclass d
                   WHERE d.opcdefault AND d.opcmethod = o.opcmethod
                     AND d.opcfamily = o.opcfamily AND d.opcintype = o.opcintype)) AS isusual,
                pg_catalog.array_agg(DISTINCT i.indoption[n]::int) AS directions
         FROM pg_catalog.generate_series(0, pg_catalog.cardinality(k.names) - 1) n
         JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n]
         JOIN pg_catalog.pg_opclass o ON o.oid = i.indclass[n]) x
      WHERE i.indrelid = CAST(? AS oid) AND i.indisvalid AND i.indpred IS NULL
        AND i.indnkeyatts >= pg_catalog.cardinality(k.names)
        AND x.names @> k.names AND x.names <@ k.names
        AND pg_catalog.cardinality(x.names) = pg_catalog.cardinality(k.names)
        AND x.isusual AND x.directions IN ('{0}', '{3}')
      ORDER BY i.indisunique DESC, i.indnkeyatts, i.indexrelid
      """;

  /**
   * The orders in which indexes have the columns of a key, as places in it; the best ones first.
   */
  static List<List<Integer>> orders(Connection connection, Table table, List<String> columns)
      throws SQLException {
    return Sql.query(
        connection,
        ORDERS,
        row -> {
          List<Integer> order = new ArrayList<>();
          for (String name : (String[]) row.getArray(1).getArray()) {
            order.add(columns.indexOf(name));
          }
          return List.copyOf(order);
        },
        columns.toArray(String[]::new),
        table.oid());
  }

  /** How many columns it has. */
  int width() {
    return columns.size();
  }

  /** The columns in the order in which this side is read. */
  List<KeyColumn> ordered() {
    return order.stream().map(columns::get).toList();
  }

  /** Whether a range of keys holds the same keys on both sides. */
  boolean isOfOneOrder(TableKey other) {
    for (int i = 0; i < columns.size(); i++) {
      if (!columns.get(i).hasOrderOf(other.columns.get(i))) {
        return false;
      }
    }
    return order.equals(other.order);
  }
}
