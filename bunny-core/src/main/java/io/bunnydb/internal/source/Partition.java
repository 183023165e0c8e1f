package io.bunnydb.internal.source;

import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A partition that holds rows of a partitioned table, and how it came below that table: by its own
 * attachment, or by that of a branch above it.
 *
 * <p>What the server says about this is in {@code pg_inherits}: the row that ties a table to its
 * parent carries the number of the transaction that attached it, as every row does ("System
 * Columns" in the PostgreSQL documentation). A row older than that was in the table before, and so
 * was never sent under the partitioned table's name.
 *
 * @param root the partitioned table at the top
 * @param name its own name
 * @param oid its OID
 * @param joint the last attached of the tables on the way to the root: itself, or a branch
 * @param transaction number of the transaction that attached it, as text
 * @param command number of the command within that transaction
 * @param isRecent whether that was possibly after all that the slot was acknowledged, and after the
 *     root was published
 * @param isInLog whether changes of it are in the log: it is neither unlogged nor a foreign table
 * @param file the file that holds its rows; TRUNCATE and rewriting commands give it another
 * @param isCounted whether the planner knows its size; it forgets it at a TRUNCATE, while VACUUM
 *     FULL and CLUSTER tell it
 */
public record Partition(
    TableName root,
    TableName name,
    long oid,
    long joint,
    String transaction,
    long command,
    boolean isRecent,
    boolean isInLog,
    long file,
    boolean isCounted) {

  private static final int FIRST_TO_DECIDE_ANEW = 15;

  // Transaction numbers go round in 32 bits. What is called negative is older than half a round.
  private static final String BELOW =
      """
      WITH RECURSIVE root AS (
        SELECT c.oid, n.nspname, c.relname,
               least(age(s.catalog_xmin)::bigint & 4294967295, age(e.xmin)::bigint & 4294967295)
                 AS horizon
        FROM unnest(CAST(? AS text[]), CAST(? AS text[])) AS wanted (schema, name)
        JOIN pg_catalog.pg_namespace n ON n.nspname = wanted.schema
        JOIN pg_catalog.pg_class c
          ON c.relnamespace = n.oid AND c.relname = wanted.name AND c.relkind = 'p'
        LEFT JOIN pg_catalog.pg_replication_slots s ON s.slot_name = ?
        LEFT JOIN pg_catalog.pg_publication p ON p.pubname = ?
        LEFT JOIN pg_catalog.pg_publication_rel e ON e.prpubid = p.oid AND e.prrelid = c.oid),
      tree AS (
        SELECT root.oid AS root, i.inhrelid AS relid, i.inhrelid AS joint, i.xmin AS joined,
               i.cmin::text::bigint AS command
        FROM root JOIN pg_catalog.pg_inherits i ON i.inhparent = root.oid
        WHERE NOT i.inhdetachpending
        UNION ALL
        SELECT t.root, i.inhrelid, CASE WHEN is_later THEN i.inhrelid ELSE t.joint END,
               CASE WHEN is_later THEN i.xmin ELSE t.joined END,
               CASE WHEN is_later THEN i.cmin::text::bigint ELSE t.command END
        FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.relid
        CROSS JOIN LATERAL (
          SELECT (age(i.xmin)::bigint & 4294967295) < (age(t.joined)::bigint & 4294967295)
                 OR (i.xmin = t.joined AND i.cmin::text::bigint > t.command)) AS later (is_later)
        WHERE NOT i.inhdetachpending)
      SELECT root.nspname, root.relname, n.nspname, c.relname, c.oid::bigint, t.joint::bigint,
             t.joined::text, t.command,
             coalesce((age(t.joined)::bigint & 4294967295) <= root.horizon, false),
             c.relpersistence = 'p' AND c.relkind = 'r', c.relfilenode::bigint, c.reltuples >= 0
      FROM tree t
      JOIN root ON root.oid = t.root
      JOIN pg_catalog.pg_class c ON c.oid = t.relid AND c.relkind <> 'p'
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      """;

  /**
   * The partitions below those of the tables that are partitioned. Takes no locks.
   *
   * @param slot the slot that sends the tables' changes
   * @param publication the publication that has them
   */
  public static List<Partition> below(
      Connection source, String slot, String publication, Collection<TableName> tables)
      throws SQLException {
    return Sql.query(
        source,
        BELOW,
        row ->
            new Partition(
                new TableName(row.getString(1), row.getString(2)),
                new TableName(row.getString(3), row.getString(4)),
                row.getLong(5),
                row.getLong(6),
                row.getString(7),
                row.getLong(8),
                row.getBoolean(9),
                row.getBoolean(10),
                row.getLong(11),
                row.getBoolean(12)),
        tables.stream().map(TableName::schema).toArray(String[]::new),
        tables.stream().map(TableName::name).toArray(String[]::new),
        slot,
        publication);
  }

  /** Those of some tables that are partitions of others among them, each with the other. */
  public static Map<TableName, TableName> within(Connection source, Collection<TableName> tables)
      throws SQLException {
    Map<TableName, TableName> found = new HashMap<>();
    for (TableName table : tables) {
      for (TableName ancestor : ancestors(source, table)) {
        if (tables.contains(ancestor)) {
          found.put(table, ancestor);
        }
      }
    }
    return found;
  }

  private static List<TableName> ancestors(Connection source, TableName table) throws SQLException {
    return Sql.query(
        source,
        """
        SELECT above.nspname, a.relname
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL pg_catalog.pg_partition_ancestors(c.oid) AS p (relid)
        JOIN pg_catalog.pg_class a ON a.oid = p.relid AND a.oid <> c.oid
        JOIN pg_catalog.pg_namespace above ON above.oid = a.relnamespace
        WHERE n.nspname = ? AND c.relname = ? AND c.relispartition
        """,
        row -> new TableName(row.getString(1), row.getString(2)),
        table.schema(),
        table.name());
  }

  /**
   * Whether it holds a row of before it was attached. One that was made as a partition cannot, and
   * is not read.
   */
  public boolean holdsOlderRows(Connection source) throws SQLException {
    return !wasMadeAsPartition(source)
        && Sql.queryBoolean(
            source,
            "SELECT EXISTS (SELECT FROM "
                + readable(source)
                + """
                 WHERE tableoid = CAST(? AS oid)
                  AND ((age(xmin)::bigint & 4294967295) > (age(CAST(? AS xid))::bigint & 4294967295)
                       OR (xmin = CAST(? AS xid) AND cmin::text::bigint < ? AND xmax = '0'::xid)))
                """,
            oid,
            transaction,
            transaction,
            command);
  }

  /**
   * Whether the source sends what is written to it. PostgreSQL 14 decides once in a stream whether
   * a table is published, so that one of which a change came before its attachment is never sent
   * after it.
   */
  public boolean isSent(Connection source) throws SQLException {
    return source.getMetaData().getDatabaseMajorVersion() >= FIRST_TO_DECIDE_ANEW
        || wasMadeAsPartition(source)
        || Sql.queryBoolean(
            source,
            """
            SELECT xmin = CAST(? AS xid) FROM pg_catalog.pg_attribute
            WHERE attrelid = CAST(? AS oid) AND attnum = -1
            """,
            transaction,
            oid);
  }

  /**
   * An attachment notes in each column's row that it is inherited. So one that is as it was made,
   * by the command that made the system columns too, was inherited from the beginning.
   */
  private boolean wasMadeAsPartition(Connection source) throws SQLException {
    return Sql.queryBoolean(
        source,
        """
        SELECT EXISTS (
          SELECT FROM pg_catalog.pg_attribute a
          JOIN pg_catalog.pg_attribute made ON made.attrelid = a.attrelid AND made.attnum = -1
          WHERE a.attrelid = CAST(? AS oid) AND a.attnum > 0 AND NOT a.attisdropped
            AND a.xmin = made.xmin AND a.cmin = made.cmin)
        """,
        joint);
  }

  /**
   * The partition itself, or, where the role may read its rows through the root alone, the root.
   */
  private String readable(Connection source) throws SQLException {
    boolean isReadable =
        Sql.queryBoolean(
            source,
            """
            SELECT pg_catalog.has_table_privilege(c.oid, 'SELECT')
                   AND pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')
                   AND NOT pg_catalog.row_security_active(c.oid)
            FROM pg_catalog.pg_class c WHERE c.oid = CAST(? AS oid)
            """,
            oid);
    return isReadable ? "ONLY " + name.toSql() : root.toSql();
  }
}
