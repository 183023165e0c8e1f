package io.bunnydb.internal.verify;

import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.source.MirroredTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A table as both sides have it, and how it can be compared. Immutable.
 *
 * @param mapping its mapping
 * @param source the table on the source
 * @param target the table on the destination
 * @param columns the mirrored columns
 * @param sourceKey the key by which a row is found, as the source has it; empty where there is none
 *     on both sides
 * @param targetKey the same as the destination has it
 * @param isConverted whether the two servers' encodings differ
 */
public record ComparedTable(
    TableMapping mapping,
    Table source,
    Table target,
    List<String> columns,
    TableKey sourceKey,
    TableKey targetKey,
    boolean isConverted) {

  /** What a server has not come with has an OID from here on. */
  private static final long FIRST_OWN_OID = 16_384;

  private static final String HAS_UNIQUE_INDEX =
      """
      SELECT EXISTS
        (SELECT FROM pg_catalog.pg_index i
         JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
         JOIN pg_catalog.pg_am m ON m.oid = c.relam AND m.amname = 'btree'
         WHERE i.indrelid = CAST(? AS oid) AND i.indisunique AND i.indisvalid
           AND i.indpred IS NULL AND i.indexprs IS NULL
           AND (SELECT array_agg(a.attname::text ORDER BY a.attname::text COLLATE "C")
                FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = i.indrelid
                  AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]))
             = (SELECT array_agg(k ORDER BY k COLLATE "C") FROM unnest(CAST(? AS text[])) k))
      """;

  /** Thrown where a table cannot be compared as it is; the message holds the cure. */
  public static final class NotComparableException extends Exception {
    private static final long serialVersionUID = 1L;

    NotComparableException(String message) {
      super(message);
    }
  }

  /** Looks a table up on both sides. */
  public static ComparedTable of(Connection source, Connection destination, TableMapping mapping)
      throws SQLException, NotComparableException {
    Table from = find(source, mapping.source(), "source");
    Table to = find(destination, mapping.destination(), "destination");
    List<String> columns = new MirroredTable(mapping, from).columnNames();
    for (String column : columns) {
      if (to.column(column) == null) {
        throw new NotComparableException(
            "the destination table has no column " + column + "; syncSchema() adds it");
      }
    }
    TableKey sourceKey = TableKey.NONE;
    TableKey targetKey = TableKey.NONE;
    List<String> names = from.keyColumns();
    if (isFoundBy(names, columns, destination, to)) {
      List<KeyColumn> sourceKeys = keyColumns(source, from, names);
      List<KeyColumn> targetKeys = keyColumns(destination, to, names);
      List<List<Integer>> sourceOrders = TableKey.orders(source, from, names);
      List<List<Integer>> targetOrders = TableKey.orders(destination, to, names);
      if (sourceKeys.stream().allMatch(KeyColumn::isIndexed)
          && targetKeys.stream().allMatch(KeyColumn::isIndexed)
          && !sourceOrders.isEmpty()
          && !targetOrders.isEmpty()) {
        Optional<List<Integer>> common =
            sourceOrders.stream().filter(targetOrders::contains).findFirst();
        sourceKey = new TableKey(sourceKeys, common.orElse(sourceOrders.get(0)));
        targetKey = new TableKey(targetKeys, common.orElse(targetOrders.get(0)));
      }
    }
    return new ComparedTable(
        mapping,
        from,
        to,
        columns,
        sourceKey,
        targetKey,
        !encoding(source).equals(encoding(destination)));
  }

  private static List<KeyColumn> keyColumns(Connection side, Table table, List<String> names)
      throws SQLException {
    List<KeyColumn> columns = new ArrayList<>();
    for (String name : names) {
      columns.add(KeyColumn.read(side, table, name));
    }
    return List.copyOf(columns);
  }

  private static Table find(Connection connection, TableName name, String side)
      throws SQLException, NotComparableException {
    Optional<Table> found = Catalog.table(connection, name);
    return found.orElseThrow(
        () -> new NotComparableException("the " + side + " has no table " + name));
  }

  /** Whether both sides tell rows by these columns, each row by another key. */
  private static boolean isFoundBy(
      List<String> keys, List<String> columns, Connection destination, Table target)
      throws SQLException {
    if (keys.isEmpty() || !columns.containsAll(keys)) {
      return false;
    }
    for (String key : keys) {
      Column column = target.column(key);
      if (column == null || !column.notNull()) {
        return false;
      }
    }
    return Sql.queryBoolean(
        destination, HAS_UNIQUE_INDEX, target.oid(), keys.toArray(String[]::new));
  }

  private static String encoding(Connection side) throws SQLException {
    return String.valueOf(
        Sql.queryText(side, "SELECT pg_catalog.current_setting('server_encoding')"));
  }

  /** Whether a row can be found again on both sides. */
  public boolean hasKey() {
    return !sourceKey.columns().isEmpty();
  }

  /** Whether a range of keys holds the same keys on both sides. */
  boolean isOfOneOrder() {
    return sourceKey.isOfOneOrder(targetKey);
  }

  /** The queries of the source. */
  RowsSql sourceSql() {
    return new RowsSql(source, columns, casts(), sourceKey, mapping.filter(), isConverted);
  }

  /** The queries of the destination, where every row counts. */
  RowsSql targetSql() {
    return new RowsSql(target, columns, Map.of(), targetKey, null, isConverted);
  }

  /**
   * The destination's types of the columns that are of another type there, which may write a value
   * otherwise, as {@code numeric(12,4)} does 1.50. Of the types that every server has alone.
   */
  private Map<String, String> casts() {
    Map<String, String> casts = new HashMap<>();
    for (String name : columns) {
      Column from = source.column(name);
      Column to = target.column(name);
      if (from != null
          && to != null
          && !from.typeSql().equals(to.typeSql())
          && from.typeOid() < FIRST_OWN_OID
          && to.typeOid() < FIRST_OWN_OID) {
        casts.put(name, to.typeSql());
      }
    }
    return casts;
  }
}
