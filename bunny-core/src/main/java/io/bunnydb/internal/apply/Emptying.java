package io.bunnydb.internal.apply;

import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.StringJoiner;
import java.util.function.Predicate;

/**
 * Takes all rows out of destination tables. {@code TRUNCATE} is refused for a table to which
 * another one has a foreign key, also where foreign keys rest; then the rows can be deleted.
 */
public final class Emptying {
  private static final String REFERRING =
      """
      WITH emptied AS (
        SELECT e.relid FROM unnest(CAST(CAST(? AS text[]) AS oid[])) e (relid)
        UNION
        SELECT p.relid FROM unnest(CAST(CAST(? AS text[]) AS oid[])) e (relid)
        CROSS JOIN LATERAL pg_catalog.pg_partition_tree(e.relid::regclass) p)
      SELECT DISTINCT n.nspname, c.relname
      FROM pg_catalog.pg_constraint k
      JOIN pg_catalog.pg_class c
        ON c.oid = coalesce(pg_catalog.pg_partition_root(k.conrelid::regclass), k.conrelid)
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE k.contype = 'f' AND k.confrelid IN (SELECT relid FROM emptied)
        AND k.conrelid NOT IN (SELECT relid FROM emptied)
      """;

  private Emptying() {}

  /**
   * Empties tables, in the connection's open transaction, and never another one.
   *
   * @param restartsIdentity whether sequences that the tables own begin anew; not where rows are
   *     deleted
   * @param mayRefer which tables may refer to rows that are gone; the server refuses it where
   *     others do
   */
  public static void run(
      Connection destination,
      List<Table> tables,
      boolean restartsIdentity,
      Predicate<TableName> mayRefer)
      throws SQLException {
    List<TableName> referring = referring(destination, tables);
    if (!referring.isEmpty() && referring.stream().allMatch(mayRefer)) {
      for (Table table : tables) {
        Sql.execute(destination, "DELETE FROM " + table.toSql());
      }
      return;
    }
    StringJoiner names = new StringJoiner(", ");
    tables.forEach(table -> names.add(table.toSql()));
    Sql.execute(destination, "TRUNCATE " + names + (restartsIdentity ? " RESTART IDENTITY" : ""));
  }

  private static List<TableName> referring(Connection destination, List<Table> tables)
      throws SQLException {
    String[] oids = new String[tables.size()];
    for (int i = 0; i < oids.length; i++) {
      oids[i] = Long.toString(tables.get(i).oid());
    }
    return Sql.query(
        destination,
        REFERRING,
        row -> new TableName(row.getString(1), row.getString(2)),
        oids,
        oids);
  }
}
