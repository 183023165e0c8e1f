package io.bunnydb.internal.apply;

import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.catalog.WireType;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The statements that change many rows of a destination table at once, found by their keys. Each
 * parameter is an array, one for a column; text is cast to the column's type, which reads it as its
 * input function does. Columns are numbered as in the relation's tuples.
 *
 * <p>Not thread-safe.
 */
final class SetSql {
  private static final String IS_WATCHED =
      """
      WITH part AS (
        SELECT CAST(? AS oid) AS oid
        UNION SELECT relid FROM pg_catalog.pg_partition_tree(CAST(? AS oid)::regclass))
      SELECT EXISTS
               (SELECT FROM pg_catalog.pg_trigger g JOIN part ON part.oid = g.tgrelid
                WHERE g.tgenabled IN ('R', 'A'))
             OR EXISTS
               (SELECT FROM pg_catalog.pg_rewrite r JOIN part ON part.oid = r.ev_class
                WHERE r.ev_enabled IN ('R', 'A'))
      """;

  // No key may meet two rows, which a count over the set would not show.
  private static final String HAS_UNIQUE_KEY =
      """
      SELECT EXISTS
        (SELECT FROM pg_catalog.pg_index i
         WHERE i.indrelid = CAST(? AS oid) AND i.indisunique AND i.indisvalid
           AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
           AND (i.indkey::int2[])[0:i.indnkeyatts - 1] <@
               ARRAY(SELECT a.attnum FROM pg_catalog.pg_attribute a
                     WHERE a.attrelid = i.indrelid AND a.attname::text = ANY (?))
           AND NOT EXISTS
             (SELECT FROM unnest(i.indkey::int2[], i.indcollation::oid[]) AS k(attnum, collation_oid)
              JOIN pg_catalog.pg_attribute a
                ON a.attrelid = i.indrelid AND a.attnum = k.attnum
              WHERE k.collation_oid <> a.attcollation))
      """;

  // A cast function from text may read a value otherwise than the input function. A cast to a
  // domain
  // would cut off what is too long for it; the assignment of its base type refuses that.
  private static final String TYPES =
      """
      WITH RECURSIVE base (attnum, oid, typtype, typbasetype) AS (
        SELECT a.attnum, t.oid, t.typtype, t.typbasetype
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = CAST(? AS oid) AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT base.attnum, t.oid, t.typtype, t.typbasetype
        FROM base JOIN pg_catalog.pg_type t ON t.oid = base.typbasetype)
      SELECT a.attname,
             (SELECT pg_catalog.format_type(base.oid, -1) FROM base
              WHERE base.attnum = a.attnum AND base.typtype <> 'd'),
             EXISTS (SELECT FROM base JOIN pg_catalog.pg_cast c ON c.casttarget = base.oid
                     WHERE base.attnum = a.attnum AND c.castmethod = 'f'
                       AND c.castsource = 'pg_catalog.text'::regtype)
      FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = CAST(? AS oid) AND a.attnum > 0 AND NOT a.attisdropped
      """;

  private final Table table;
  private final List<String> columns;
  private final boolean[] key;
  private final String prefix;
  private final WireType[] wire;
  private final String[] typed;
  private final String conditions;

  /** {@code DELETE}; parameters are the key's columns. */
  final String delete;

  private boolean[] lastSet = new boolean[0];
  private String lastUpdate = "";

  private record CastType(String sql, boolean hasFunction) {}

  private SetSql(
      Table table,
      List<String> columns,
      boolean[] key,
      String prefix,
      WireType[] wire,
      String[] typed,
      String conditions,
      boolean findsByArray) {
    this.table = table;
    this.columns = columns;
    this.key = key;
    this.prefix = prefix;
    this.wire = wire;
    this.typed = typed;
    this.conditions = conditions;
    this.delete =
        "DELETE FROM "
            + table.toSql()
            + (findsByArray
                ? " WHERE " + isOneOf(columns, typed, key, rows(key))
                : " USING " + rows(key) + " WHERE " + conditions);
  }

  /**
   * Whether something sees each change of the table, and perhaps other tables as they are then: a
   * trigger or rule that is enabled for replicas, on the table or one of its partitions.
   */
  static boolean isWatched(Connection destination, Table table) throws SQLException {
    return Sql.queryBoolean(destination, IS_WATCHED, table.oid(), table.oid());
  }

  /**
   * Statements for a table; null where only one change after the other has the source's effect.
   *
   * @param columns the relation's columns
   * @param written per column, whether it is written at all
   * @param key per column, whether it belongs to the key
   * @param wire per column, the type in whose form values come
   */
  static @Nullable SetSql of(
      Connection destination,
      Table table,
      List<String> columns,
      boolean[] written,
      boolean[] key,
      WireType[] wire)
      throws SQLException {
    List<String> keyNames = new ArrayList<>();
    for (int i = 0; i < key.length; i++) {
      if (key[i]) {
        keyNames.add(columns.get(i));
      }
    }
    if (!Sql.queryBoolean(
        destination, HAS_UNIQUE_KEY, table.oid(), keyNames.toArray(new String[0]))) {
      return null;
    }
    Map<String, CastType> types = new HashMap<>();
    Sql.query(
        destination,
        TYPES,
        row -> types.put(row.getString(1), new CastType(row.getString(2), row.getBoolean(3))),
        table.oid(),
        table.oid());
    String prefix = unlikeColumns(table);
    String[] typed = new String[columns.size()];
    StringBuilder conditions = new StringBuilder();
    boolean findsByArray = keyNames.size() == 1;
    for (int i = 0; i < typed.length; i++) {
      if (!written[i]) {
        continue;
      }
      Column column = table.column(columns.get(i));
      CastType type = types.get(columns.get(i));
      // Of an identity that is always generated, the server refuses to set a value.
      if (column == null
          || type == null
          || (type.hasFunction() && wire[i].equals(WireType.TEXT))
          || (column.generation() == Column.Generation.IDENTITY_ALWAYS && !key[i])) {
        return null;
      }
      typed[i] = "CAST(" + prefix + i + " AS " + type.sql() + ")";
      if (key[i]) {
        conditions.append(conditions.isEmpty() ? "" : " AND ");
        conditions.append(Catalog.equality(destination, column, typed[i]));
        findsByArray = findsByArray && isFoundByArray(table, column);
      }
    }
    return new SetSql(
        table, columns, key, prefix, wire, typed, conditions.toString(), findsByArray);
  }

  /**
   * Whether rows are better found by an array of keys than by a join with them: the index is read
   * once, not once for each key. Of a partitioned table the planner would prune by each key first;
   * and an array of arrays is one of their elements.
   */
  private static boolean isFoundByArray(Table table, Column column) {
    return column.isBinaryPortable() && !column.typeSql().endsWith("[]") && !table.isPartitioned();
  }

  /** By a subquery, as the planner looks at each element of an array that it sees. */
  private static String isOneOf(
      List<String> columns, String[] typed, boolean[] key, String keyRows) {
    int column = 0;
    while (!key[column]) {
      column++;
    }
    return Sql.identifier(columns.get(column))
        + " = ANY (ARRAY(SELECT "
        + typed[column]
        + " FROM "
        + keyRows
        + "))";
  }

  /** What the parameters are called, so that neither the table nor a column of it is meant. */
  private static String unlikeColumns(Table table) {
    StringBuilder prefix = new StringBuilder("v");
    while (table.name().name().contentEquals(prefix)
        || table.columns().stream().anyMatch(c -> c.name().startsWith(prefix.toString()))) {
      prefix.append('v');
    }
    return prefix.toString();
  }

  /**
   * {@code UPDATE}; parameters are the key's columns and those to set, in the relation's order.
   *
   * @param set per column, whether to set it; at least one, and none of the key
   */
  String update(boolean[] set) {
    if (Arrays.equals(set, lastSet)) {
      return lastUpdate;
    }
    boolean[] parameters = set.clone();
    StringBuilder sql = new StringBuilder("UPDATE ").append(table.toSql()).append(" SET ");
    String divider = "";
    for (int i = 0; i < set.length; i++) {
      parameters[i] |= key[i];
      if (set[i]) {
        sql.append(divider).append(Sql.identifier(columns.get(i))).append(" = ").append(typed[i]);
        divider = ", ";
      }
    }
    lastSet = set.clone();
    lastUpdate =
        sql.append(" FROM ")
            .append(rows(parameters))
            .append(" WHERE ")
            .append(conditions)
            .toString();
    return lastUpdate;
  }

  /**
   * The parameters as a table, a column for each. Of arrays that a SELECT takes apart, unlike those
   * that a FROM does, the server keeps no copy.
   */
  private String rows(boolean[] parameters) {
    StringBuilder rows = new StringBuilder("(SELECT ");
    String divider = "";
    for (int i = 0; i < parameters.length; i++) {
      if (parameters[i]) {
        rows.append(divider).append("unnest(CAST(? AS ").append(wire[i].arraySql());
        rows.append(")) AS ").append(prefix).append(i);
        divider = ", ";
      }
    }
    return rows + ") AS " + prefix;
  }
}
