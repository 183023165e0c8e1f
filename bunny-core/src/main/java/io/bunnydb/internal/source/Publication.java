package io.bunnydb.internal.source;

import io.bunnydb.Finding;
import io.bunnydb.Severity;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.pgoutput.ReplicaIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The publication of a mirror: which tables, columns and rows the source sends. */
public final class Publication {

  /**
   * A table as a publication has it.
   *
   * @param name the table under whose name its changes are sent
   * @param columns the published columns; null where the server cannot say (PostgreSQL 14)
   * @param filter the row filter as the server writes it; null where there is none
   */
  public record Entry(TableName name, @Nullable Set<String> columns, @Nullable String filter) {

    /** The mirrored columns of the table that are not published. */
    public List<String> unpublished(MirroredTable table) {
      Set<String> published = columns;
      return published == null
          ? List.of()
          : table.columnNames().stream().filter(c -> !published.contains(c)).toList();
    }
  }

  private Publication() {}

  /** Whether there is a publication of that name. */
  public static boolean exists(Connection source, String name) throws SQLException {
    return Sql.queryBoolean(
        source, "SELECT true FROM pg_catalog.pg_publication WHERE pubname = ?", name);
  }

  /** Whether a publication sends inserts, updates, deletes and truncates. */
  public static boolean sendsEverything(Connection source, String name) throws SQLException {
    return Sql.queryBoolean(
        source,
        "SELECT pubinsert AND pubupdate AND pubdelete AND pubtruncate"
            + " FROM pg_catalog.pg_publication WHERE pubname = ?",
        name);
  }

  /** What a publication holds. */
  public static List<Entry> entries(Connection source, String name) throws SQLException {
    boolean hasLists = source.getMetaData().getDatabaseMajorVersion() >= 15;
    return Sql.query(
        source,
        "SELECT schemaname, tablename, "
            + (hasLists ? "attnames::text[], rowfilter" : "NULL::text[], NULL::text")
            + " FROM pg_catalog.pg_publication_tables WHERE pubname = ?",
        row -> {
          java.sql.Array columns = row.getArray(3);
          return new Entry(
              new TableName(row.getString(1), row.getString(2)),
              columns == null ? null : Set.of((String[]) columns.getArray()),
              row.getString(4));
        },
        name);
  }

  /** The names under which a publication sends changes. */
  public static Set<TableName> entryNames(Connection source, String name) throws SQLException {
    Set<TableName> names = new HashSet<>();
    entries(source, name).forEach(entry -> names.add(entry.name()));
    return names;
  }

  /**
   * Makes the publication, or brings it in line with the tables, in one transaction. It is left
   * alone where it has just these tables already and none is to be defined anew.
   *
   * @param redefine whether columns or filters of a table may have changed
   * @return what stands against it; where there is something, nothing was changed
   */
  public static List<Finding> reconcile(
      Connection source, String name, List<MirroredTable> tables, boolean redefine)
      throws SQLException {
    boolean exists = exists(source, name);
    if (exists && !redefine && namesOf(source, name).equals(namesOf(tables))) {
      return List.of();
    }
    return define(source, name, tables, exists, true);
  }

  /**
   * Makes the publication and takes it back at once, to see whether the server has it.
   *
   * @return what stands against it
   */
  public static List<Finding> tryOut(Connection source, String name, List<MirroredTable> tables)
      throws SQLException {
    return define(source, name, tables, exists(source, name), false);
  }

  /** The SQL that makes the publication. */
  public static String createSql(String name, List<MirroredTable> tables) {
    return "CREATE PUBLICATION "
        + Sql.identifier(name)
        + " FOR TABLE "
        + tableList(tables)
        + " WITH (publish_via_partition_root = true)";
  }

  private static String alterSql(String name, List<MirroredTable> tables) {
    return "ALTER PUBLICATION " + Sql.identifier(name) + " SET TABLE " + tableList(tables);
  }

  private static List<Finding> define(
      Connection source, String name, List<MirroredTable> tables, boolean exists, boolean keep)
      throws SQLException {
    source.setAutoCommit(false);
    try {
      Sql.execute(source, exists ? alterSql(name, tables) : createSql(name, tables));
      List<Finding> obstacles = filtersOutsideIdentity(source, name, tables);
      if (!namesOf(source, name).equals(namesOf(tables))) {
        obstacles.add(
            new Finding(
                Severity.ERROR,
                null,
                "a row filter names further tables",
                "balance its parentheses"));
      }
      if (keep && obstacles.isEmpty()) {
        source.commit();
      } else {
        source.rollback();
      }
      return obstacles;
    } catch (SQLException | RuntimeException e) {
      source.rollback();
      throw e;
    } finally {
      source.setAutoCommit(true);
    }
  }

  /**
   * How a table stands to a publication.
   *
   * @param oid the table's OID
   * @param entry OID of the publication's entry for this very table, a new number for one that was
   *     taken out and put in again; 0 where it has none, be it that a schema or all tables are
   *     published
   * @param isSentByName whether its changes would come under its own name: those of a partitioned
   *     table do with {@code publish_via_partition_root} alone
   * @param isSentByAncestor whether they come under the name of a partitioned table above it
   */
  public record Membership(long oid, long entry, boolean isSentByName, boolean isSentByAncestor) {}

  /** How tables stand to a publication; those that do not exist are left out. Takes no locks. */
  public static Map<TableName, Membership> memberships(
      Connection source, String publication, Collection<TableName> tables) throws SQLException {
    Map<TableName, Membership> found = new HashMap<>();
    for (Map.Entry<TableName, Membership> member :
        Sql.query(
            source,
            """
        SELECT n.nspname, c.relname, c.oid::bigint, coalesce(r.oid::bigint, 0),
               c.relkind <> 'p' OR p.pubviaroot,
               p.pubviaroot AND c.relispartition AND EXISTS
                 (SELECT FROM pg_catalog.pg_partition_ancestors(c.oid) a
                  JOIN pg_catalog.pg_publication_rel above ON above.prrelid = a.relid
                  WHERE above.prpubid = p.oid AND a.relid <> c.oid)
        FROM pg_catalog.pg_publication p
        CROSS JOIN unnest(CAST(? AS text[]), CAST(? AS text[])) AS wanted (schema, name)
        JOIN pg_catalog.pg_namespace n ON n.nspname = wanted.schema
        JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name
        LEFT JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid AND r.prrelid = c.oid
        WHERE p.pubname = ?
        """,
            row ->
                Map.entry(
                    new TableName(row.getString(1), row.getString(2)),
                    new Membership(
                        row.getLong(3), row.getLong(4), row.getBoolean(5), row.getBoolean(6))),
            tables.stream().map(TableName::schema).toArray(String[]::new),
            tables.stream().map(TableName::name).toArray(String[]::new),
            publication)) {
      found.put(member.getKey(), member.getValue());
    }
    return found;
  }

  /** The tables that a publication names. */
  private static Set<TableName> namesOf(Connection source, String publication) throws SQLException {
    return new HashSet<>(
        Sql.query(
            source,
            """
            SELECT n.nspname, c.relname
            FROM pg_catalog.pg_publication p
            JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid
            JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE p.pubname = ?
            """,
            row -> new TableName(row.getString(1), row.getString(2)),
            publication));
  }

  private static Set<TableName> namesOf(List<MirroredTable> tables) {
    Set<TableName> names = new HashSet<>();
    for (MirroredTable table : tables) {
      names.add(table.table().name());
    }
    return names;
  }

  private static String tableList(List<MirroredTable> tables) {
    List<String> items = new ArrayList<>();
    for (MirroredTable table : tables) {
      StringBuilder item = new StringBuilder(table.table().toSql());
      if (!table.mapping().excludedColumns().isEmpty()) {
        item.append(" (").append(Sql.identifiers(table.columnNames())).append(')');
      }
      if (table.mapping().filter() != null) {
        item.append(" WHERE (").append(table.mapping().filter()).append(')');
      }
      items.add(item.toString());
    }
    return String.join(", ", items);
  }

  /**
   * The server takes a filter over any column, and then lets the application's UPDATE fail. The
   * columns that a filter uses stand in its stored expression.
   */
  private static List<Finding> filtersOutsideIdentity(
      Connection source, String publication, List<MirroredTable> tables) throws SQLException {
    List<Finding> obstacles = new ArrayList<>();
    for (MirroredTable table : tables) {
      if (table.mapping().filter() == null || table.table().identity() == ReplicaIdentity.FULL) {
        continue;
      }
      List<String> outside =
          new ArrayList<>(
              Sql.query(
                  source,
                  """
                  SELECT DISTINCT a.attname
                  FROM pg_catalog.pg_publication p
                  JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid
                  CROSS JOIN LATERAL
                    regexp_matches(r.prqual::text, ':varattno (\\d+)', 'g') AS used(numbers)
                  JOIN pg_catalog.pg_attribute a
                    ON a.attrelid = r.prrelid AND a.attnum = used.numbers[1]::int2
                  WHERE p.pubname = ? AND r.prrelid = CAST(? AS oid)
                  """,
                  row -> row.getString(1),
                  publication,
                  table.table().oid()));
      outside.removeAll(table.table().keyColumns());
      if (!outside.isEmpty()) {
        obstacles.add(
            new Finding(
                Severity.ERROR,
                table.table().name(),
                "the row filter of "
                    + table.table().name()
                    + " uses "
                    + String.join(", ", outside)
                    + ", outside the replica identity, so that UPDATE and DELETE would fail on the"
                    + " source",
                "filter by key columns, or ALTER TABLE ... REPLICA IDENTITY FULL"));
      }
    }
    return obstacles;
  }

  /**
   * A row filter in the form that {@link Entry#filter} has. The server writes it so for a check of
   * a temporary table, which is taken back.
   */
  public static @Nullable String storedFilter(Connection source, Table table, String filter)
      throws SQLException {
    source.setAutoCommit(false);
    try {
      Sql.execute(
          source,
          "CREATE TEMPORARY TABLE bunny_filter (LIKE "
              + table.name().toSql()
              + ", CHECK ("
              + filter
              + "))");
      return Sql.queryText(
          source,
          """
          SELECT pg_catalog.pg_get_expr(conbin, conrelid) FROM pg_catalog.pg_constraint
          WHERE conrelid = 'pg_temp.bunny_filter'::regclass AND contype = 'c'
          """);
    } finally {
      source.rollback();
      source.setAutoCommit(true);
    }
  }

  /** Drops the publication, if it is there. */
  public static void drop(Connection source, String name) throws SQLException {
    Sql.execute(source, "DROP PUBLICATION IF EXISTS " + Sql.identifier(name));
  }
}
