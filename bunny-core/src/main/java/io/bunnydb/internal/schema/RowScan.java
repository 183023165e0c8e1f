package io.bunnydb.internal.schema;

import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A look at every row of source tables, which takes no longer than half a minute for all of them
 * together. Used by one thread.
 */
final class RowScan {
  private static final Logger LOG = LoggerFactory.getLogger(RowScan.class);

  private final Connection source;
  private long nanosLeft = TimeUnit.SECONDS.toNanos(30);

  /**
   * A look that has not begun.
   *
   * @param source not in autocommit mode
   */
  RowScan(Connection source) {
    this.source = source;
  }

  /**
   * The value that every row has in a column, by its text; not known where they differ, and where
   * it takes too long or may not be read. In the connection's open transaction, which holds a lock
   * of the table since before the statement: a table that was written anew shows older snapshots no
   * rows.
   */
  OldValue ofEveryRow(Table table, String column) throws SQLException {
    long deadline = System.nanoTime() + nanosLeft;
    Savepoint before = source.setSavepoint();
    try {
      OldValue value = read(table, column, deadline);
      source.releaseSavepoint(before);
      return value;
    } catch (SQLException e) {
      source.rollback(before);
      LOG.debug("the rows of {} could not be looked through: {}", table.name(), e.getMessage());
      return OldValue.UNKNOWN;
    } finally {
      nanosLeft = deadline - System.nanoTime();
    }
  }

  private OldValue read(Table table, String column, long deadline) throws SQLException {
    String name = Sql.identifier(column);
    String text =
        "CASE WHEN "
            + name
            + " IS DISTINCT FROM NULL THEN pg_catalog.format('%s', "
            + name
            + ") END";
    if (!limit(deadline)) {
      return OldValue.UNKNOWN;
    }
    String first = Sql.queryText(source, "SELECT " + text + " FROM " + table.toSql() + " LIMIT 1");
    if (!limit(deadline)) {
      return OldValue.UNKNOWN;
    }
    // A comparison with NULL does not need the text.
    boolean areDifferent =
        Sql.queryBoolean(
            source,
            "SELECT EXISTS (SELECT FROM "
                + table.toSql()
                + " WHERE "
                + (first == null ? name : text)
                + " IS DISTINCT FROM "
                + (first == null ? "NULL" : Sql.literal(first))
                + ")");
    Sql.execute(source, "SET LOCAL statement_timeout = 0");
    return areDifferent ? OldValue.UNKNOWN : new OldValue(true, first);
  }

  /** Gives the next statement what is left of the time; false where nothing is. */
  private boolean limit(long deadline) throws SQLException {
    long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
    Sql.execute(source, "SET LOCAL statement_timeout = " + Math.max(0, millis));
    return millis > 0;
  }
}
