package io.bunnydb.internal.catalog;

import io.bunnydb.Lsn;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Column.Generation;
import io.bunnydb.pgoutput.ReplicaIdentity;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads tables from {@code pg_catalog} ("System Catalogs" in the PostgreSQL documentation). */
public final class Catalog {
  // The binary form of a user-defined type may hold OIDs, which differ from server to server; so do
  // the values of the reg* types. OIDs from 16384 on are user-defined. Of tsquery, oidvector and
  // int2vector the server does not read every binary form that it writes: not that of empty ones.
  private static final String COLUMNS =
      """
      SELECT a.attname, a.atttypid::bigint, pg_catalog.format_type(a.atttypid, a.atttypmod),
             a.attnotnull AND NOT EXISTS
               (SELECT FROM pg_catalog.pg_constraint k
                WHERE k.conrelid = a.attrelid AND k.contype = 'n' AND NOT k.convalidated
                  AND k.conkey = ARRAY[a.attnum]),
             pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated,
             CASE WHEN a.attcollation <> t.typcollation THEN
               (SELECT pg_catalog.quote_ident(n.nspname) || '.' ||
                       pg_catalog.quote_ident(c.collname)
                FROM pg_catalog.pg_collation c
                JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
                WHERE c.oid = a.attcollation) END,
             t.oid < 16384
               AND t.typname !~ '^_?(reg|tsquery$|oidvector$|int2vector$)' AND NOT EXISTS
               (SELECT FROM pg_catalog.pg_type e WHERE e.oid IN (t.oid, t.typelem)
                  AND (e.typsend = 0 OR e.typreceive = 0)),
             ARRAY(SELECT DISTINCT u.attname::text
                   FROM pg_catalog.pg_depend p JOIN pg_catalog.pg_attribute u
                     ON u.attrelid = p.refobjid AND u.attnum = p.refobjsubid
                   WHERE p.classid = 'pg_catalog.pg_attrdef'::regclass AND p.objid = d.oid
                     AND p.refclassid = 'pg_catalog.pg_class'::regclass
                     AND p.refobjid = a.attrelid AND p.refobjsubid <> a.attnum)
      FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = CAST(? AS oid) AND a.attnum > 0 AND NOT a.attisdropped
      ORDER BY a.attnum
      """;

  private static final String KEY =
      """
      SELECT a.attname
      FROM pg_catalog.pg_index i
      CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, place)
      JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
      WHERE i.indrelid = CAST(? AS oid) AND k.place <= i.indnkeyatts
        AND i.indimmediate AND i.indisvalid AND
      """;

  // Sizes in bytes: a page of the log, and the headers of its pages, of which the first of each
  // segment has the long one ("WAL Internals" in the PostgreSQL documentation;
  // access/xlog_internal.h).
  private static final long PAGE = 8192;
  private static final long SHORT_PAGE_HEADER = 24;
  private static final long LONG_PAGE_HEADER = 40;

  private Catalog() {}

  /**
   * Reads a relation of any kind.
   *
   * @return the relation; empty where none has this name
   */
  public static Optional<Table> table(Connection connection, TableName name) throws SQLException {
    List<Table> tables =
        Sql.query(
            connection,
            """
            SELECT c.oid::bigint, c.relkind, c.relpersistence, c.relreplident,
                   (SELECT greatest(sum(l.reltuples), 0)::bigint
                    FROM pg_catalog.pg_class l
                    WHERE l.oid = c.oid OR c.relkind = 'p' AND l.oid IN
                      (SELECT relid FROM pg_catalog.pg_partition_tree(c.oid) WHERE isleaf)),
                   n.nspname, c.relname
            FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = ? AND c.relname = ?
            """,
            row -> read(connection, new TableName(row.getString(6), row.getString(7)), row),
            name.schema(),
            name.name());
    // The server cuts a name of more than 63 bytes off, and finds the table of that name.
    return tables.stream().filter(table -> table.name().equals(name)).findFirst();
  }

  private static Table read(Connection connection, TableName name, ResultSet row)
      throws SQLException {
    long oid = row.getLong(1);
    ReplicaIdentity identity = identity(row.getString(4));
    return new Table(
        name,
        oid,
        row.getString(2),
        row.getString(3).equals("p"),
        identity,
        Sql.query(connection, COLUMNS, Catalog::readColumn, oid),
        Sql.query(connection, KEY + " i.indisprimary ORDER BY k.place", r -> r.getString(1), oid),
        identity == ReplicaIdentity.INDEX
            ? Sql.query(
                connection, KEY + " i.indisreplident ORDER BY k.place", r -> r.getString(1), oid)
            : List.of(),
        row.getLong(5));
  }

  private static ReplicaIdentity identity(String relreplident) {
    return switch (relreplident) {
      case "d" -> ReplicaIdentity.DEFAULT;
      case "i" -> ReplicaIdentity.INDEX;
      case "f" -> ReplicaIdentity.FULL;
      case "n" -> ReplicaIdentity.NOTHING;
      default -> throw new IllegalStateException("unknown relreplident " + relreplident);
    };
  }

  private static Column readColumn(ResultSet row) throws SQLException {
    return new Column(
        row.getString(1),
        row.getLong(2),
        row.getString(3),
        row.getBoolean(4),
        row.getString(5),
        row.getString(8),
        generation(row.getString(6), row.getString(7)),
        row.getBoolean(9),
        Set.of((String[]) row.getArray(10).getArray()));
  }

  private static Generation generation(String identity, String generated) {
    return switch (identity + generated) {
      case "" -> Generation.NONE;
      case "a" -> Generation.IDENTITY_ALWAYS;
      case "d" -> Generation.IDENTITY_BY_DEFAULT;
      case "s" -> Generation.STORED;
      case "v" -> Generation.VIRTUAL;
      default ->
          throw new IllegalStateException(
              "unknown attidentity or attgenerated: " + identity + generated);
    };
  }

  /** The partitions at the leaves of a partitioned table whose UPDATEs could not be published. */
  public static List<String> partitionsWithoutIdentity(Connection connection, Table root)
      throws SQLException {
    return Sql.query(
        connection,
        """
        SELECT c.oid::regclass::text
        FROM pg_catalog.pg_partition_tree(CAST(? AS oid)::regclass) p
        JOIN pg_catalog.pg_class c ON c.oid = p.relid
        WHERE p.isleaf AND c.relreplident <> 'f' AND NOT EXISTS
          (SELECT FROM pg_catalog.pg_index i
           WHERE i.indrelid = c.oid AND i.indimmediate AND i.indisvalid
             AND CASE c.relreplident WHEN 'd' THEN i.indisprimary
                                     WHEN 'i' THEN i.indisreplident END)
        """,
        row -> row.getString(1),
        root.oid());
  }

  /**
   * The partitions at the leaves of a partitioned table whose replica identity has other columns
   * than the table's own. Changes come under the table's name, but with the values that the
   * partition's identity logs.
   */
  public static List<String> partitionsWithOtherIdentity(Connection connection, Table root)
      throws SQLException {
    return Sql.query(
        connection,
        """
        WITH identity AS (
          SELECT p.relid, p.isleaf, c.relreplident = 'f' AS is_full,
                 CASE WHEN c.relreplident <> 'f' THEN
                   (SELECT array_agg(a.attname::text ORDER BY a.attname)
                    FROM pg_catalog.pg_index i
                    JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid
                     AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
                    WHERE i.indrelid = c.oid
                      AND CASE c.relreplident WHEN 'd' THEN i.indisprimary
                                              WHEN 'i' THEN i.indisreplident END) END AS columns
          FROM pg_catalog.pg_partition_tree(CAST(? AS oid)::regclass) p
          JOIN pg_catalog.pg_class c ON c.oid = p.relid)
        SELECT leaf.relid::text
        FROM identity leaf JOIN identity root ON root.relid = CAST(? AS oid)
        WHERE leaf.isleaf
          AND (leaf.is_full <> root.is_full OR leaf.columns IS DISTINCT FROM root.columns)
        """,
        row -> row.getString(1),
        root.oid(),
        root.oid());
  }

  /** The OIDs of a table's columns' types, by the column's name; empty where there is no table. */
  public static Map<String, Long> columnTypes(Connection connection, TableName table)
      throws SQLException {
    Map<String, Long> types = new HashMap<>();
    Sql.query(
        connection,
        """
        SELECT a.attname, a.atttypid::bigint
        FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = ? AND c.relname = ? AND a.attnum > 0 AND NOT a.attisdropped
        """,
        row -> types.put(row.getString(1), row.getLong(2)) == null,
        table.schema(),
        table.name());
    return types;
  }

  /**
   * The condition that a column equals an operand, a parameter for example, as SQL has it under any
   * search path: by the operator of the type's default btree class, or the built-in one.
   *
   * <p>That one is borrowed by the reg* types from oid, by row types from record, by enums from a
   * pseudo-type: an untyped parameter would be read as the lender, and a domain over them has none
   * at all. So both operands are cast there, without a modifier, which would cut the value off.
   *
   * @param operand as SQL, of the column's type or untyped
   */
  public static String equality(Connection connection, Column column, String operand)
      throws SQLException {
    return equality(connection, column, Sql.identifier(column.name()), operand);
  }

  private static String equality(Connection connection, Column column, String name, String operand)
      throws SQLException {
    if (column.isBinaryPortable()) {
      return name + " = " + operand;
    }
    return Sql.query(
            connection,
            """
            WITH RECURSIVE base (oid, typtype, typbasetype) AS (
              SELECT oid, typtype, typbasetype FROM pg_catalog.pg_type WHERE oid = CAST(? AS oid)
              UNION ALL
              SELECT t.oid, t.typtype, t.typbasetype
              FROM base JOIN pg_catalog.pg_type t ON t.oid = base.typbasetype)
            SELECT pg_catalog.format_type(base.oid, -1), base.oid <> CAST(? AS oid),
                   (SELECT 'OPERATOR(' || pg_catalog.quote_ident(n.nspname) || '.' || o.oprname || ')'
                    FROM pg_catalog.pg_opclass c
                    JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod AND m.amname = 'btree'
                    JOIN pg_catalog.pg_amop a ON a.amopfamily = c.opcfamily AND a.amopstrategy = 3
                     AND a.amoplefttype = c.opcintype AND a.amoprighttype = c.opcintype
                    JOIN pg_catalog.pg_operator o ON o.oid = a.amopopr
                    JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
                    WHERE c.opcdefault AND c.opcintype = base.oid)
            FROM base WHERE base.typtype <> 'd'
            """,
            row -> {
              String type = row.getString(1);
              String operator = row.getString(3);
              return (row.getBoolean(2) ? "CAST(" + name + " AS " + type + ")" : name)
                  + (operator == null
                      ? " = CAST(" + operand + " AS " + type + ")"
                      : " " + operator + " " + operand);
            },
            column.typeOid(),
            column.typeOid())
        .get(0);
  }

  /**
   * The condition that rows of two tables are equal in some columns, each by its {@link
   * #equality(Connection, Column, String)}.
   *
   * @param alias what the columns' table is called in SQL
   * @param other what the other one is, which has columns of these names
   */
  public static String equality(
      Connection connection, List<Column> columns, String alias, String other) throws SQLException {
    List<String> equalities = new ArrayList<>();
    for (Column column : columns) {
      String name = "." + Sql.identifier(column.name());
      equalities.add(equality(connection, column, alias + name, other + name));
    }
    return String.join(" AND ", equalities);
  }

  /**
   * The database and the running server that a connection leads to, in words that fit no other: a
   * copy of the server has the same identifier, but was not started at the same moment.
   */
  public static String server(Connection connection) throws SQLException {
    return String.valueOf(
        Sql.queryText(
            connection,
            """
            SELECT pg_catalog.concat_ws(' ', 'database', pg_catalog.current_database(), 'of server',
                     nullif(pg_catalog.current_setting('cluster_name'), ''), 'at its port',
                     pg_catalog.current_setting('port'), 'started',
                     pg_catalog.pg_postmaster_start_time())
            """));
  }

  /**
   * The end of a server's log: every transaction whose commit has returned lies before it.
   *
   * <p>It is the insert position, not the written one: a transaction with {@code synchronous_commit
   * = off} has committed before its record is written. At the start of a page the insert position
   * lies behind the page's header, which the end of what the server sends does not reach before the
   * next record is written, so the page's start is given instead.
   */
  public static Lsn logEnd(Connection connection) throws SQLException {
    return logEnd(
        connection,
        """
        SELECT pg_catalog.pg_current_wal_insert_lsn()::text,
               pg_catalog.pg_size_bytes(pg_catalog.current_setting('wal_segment_size'))
        """);
  }

  /**
   * The {@link #logEnd} of a server that is to send its log up to there soon. It sends what it has
   * flushed, and what readers leave in the log that roll back (hint bits, pruned pages) nobody has
   * flushed. So, where the log is not flushed to its end, a transaction ID is taken: its commit,
   * which is not waited for, has the WAL writer do it within three times {@code wal_writer_delay}.
   */
  public static Lsn logEndToReach(Connection connection) throws SQLException {
    return logEnd(
        connection,
        """
        SELECT ended.lsn::text,
               pg_catalog.pg_size_bytes(pg_catalog.current_setting('wal_segment_size')),
               CASE WHEN ended.lsn > pg_catalog.pg_current_wal_flush_lsn()
                    THEN pg_catalog.pg_current_xact_id() END
        FROM (SELECT pg_catalog.pg_current_wal_insert_lsn() AS lsn) ended
        """);
  }

  private static Lsn logEnd(Connection connection, String query) throws SQLException {
    return Sql.query(
            connection,
            query,
            row -> withoutPageHeader(Lsn.parse(row.getString(1)), row.getLong(2)))
        .get(0);
  }

  /** The start of a page for the position right behind its header; else the position. */
  static Lsn withoutPageHeader(Lsn position, long segmentBytes) {
    long inPage = position.value() & (PAGE - 1);
    long page = position.value() - inPage;
    long header = (page & (segmentBytes - 1)) == 0 ? LONG_PAGE_HEADER : SHORT_PAGE_HEADER;
    return inPage == header ? new Lsn(page) : position;
  }
}
