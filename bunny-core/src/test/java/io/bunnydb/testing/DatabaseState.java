package io.bunnydb.testing;

import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a database's catalogs hold: how many rows each of them, all of them older than a
 * transaction.
 *
 * <p>Every change that is not undone shows: what is made adds rows, what is dropped removes them,
 * and what is altered, such as a privilege on a system object, leaves a younger version of its row.
 *
 * @param nextTransaction the first transaction that was yet to come
 * @param rows the counts in words
 */
record DatabaseState(String nextTransaction, String rows) {

  private static final String NEXT_TRANSACTION =
      "SELECT pg_snapshot_xmax(pg_current_snapshot())::xid";

  /**
   * Counts the rows of each catalog, and those that are older than a transaction. Statistics are
   * left out: the server gathers them when it likes.
   */
  private static final String CATALOG_QUERIES =
      "SELECT format('SELECT concat_ws('' '', %L, count(*),"
          + " count(*) FILTER (WHERE age(xmin) > age(%L::xid))) FROM %s',"
          + " oid::regclass, ?::text, oid::regclass) FROM pg_class"
          + " WHERE relnamespace IN ('pg_catalog'::regnamespace,"
          + " 'information_schema'::regnamespace) AND relkind = 'r' AND NOT relisshared"
          + " AND relname <> 'pg_statistic' ORDER BY oid";

  /** Reads what the catalogs that all databases share hold of this one. */
  private static final String SHARED_QUERY =
      " SELECT concat_ws(' ', datdba, encoding, datcollate, datctype, datistemplate, datallowconn,"
          + " datconnlimit, dattablespace, datacl, 'settings',"
          + " (SELECT count(*) FROM pg_db_role_setting WHERE setdatabase = d.oid), 'comments',"
          + " (SELECT count(*) FROM pg_shdescription WHERE objoid = d.oid), 'labels',"
          + " (SELECT count(*) FROM pg_shseclabel WHERE objoid = d.oid), 'subscriptions',"
          + " (SELECT count(*) FROM pg_subscription WHERE subdbid = d.oid), 'dependencies',"
          + " (SELECT count(*) FROM pg_shdepend WHERE dbid = d.oid OR objid = d.oid), 'slots',"
          + " (SELECT count(*) FROM pg_replication_slots WHERE database = d.datname), 'prepared',"
          + " (SELECT count(*) FROM pg_prepared_xacts WHERE database = d.datname))"
          + " FROM pg_database d WHERE datname = current_database()";

  /** Reads the state of the connection's database. */
  static DatabaseState of(Connection connection) {
    String next = String.valueOf(Sql.strings(connection, NEXT_TRANSACTION).get(0));
    return new DatabaseState(next, rows(connection, next));
  }

  /** Whether nothing was made, changed or dropped since, or all of it is gone. */
  boolean isUnchanged(Connection connection) {
    return rows(connection, nextTransaction).equals(rows);
  }

  private static String rows(Connection connection, String nextTransaction) {
    List<@Nullable String> queries =
        new ArrayList<>(Sql.strings(connection, CATALOG_QUERIES, nextTransaction));
    queries.add(SHARED_QUERY);
    return Sql.strings(connection, String.join(" UNION ALL ", queries.toArray(new String[0])))
        .toString();
  }
}
