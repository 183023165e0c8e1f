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
  private static final String QUERY_CANCELED = "57014";
  private static final long NANOS = TimeUnit.SECONDS.toNanos(30);

  // Of one that had less than this the next comparison may find out more.
  private static final long FAIR_NANOS = NANOS / 2;

  private final Connection source;
  private final FruitlessScans fruitless;
  private long nanosLeft = NANOS;

  /**
   * A look that has not begun.
   *
   * @param source not in autocommit mode
   * @param fruitless the columns that are not to be looked through again
   */
  RowScan(Connection source, FruitlessScans fruitless) {
    this.source = source;
    this.fruitless = fruitless;
  }

  /**
   * The value that every row has in a column, by its text; not known where they differ, and where
   * it takes too long or may not be read. In the connection's open transaction, which holds a lock
   * of the table since before the statement: a table that was written anew shows older snapshots no
   * rows.
   *
   * @param number the column's number
   */
  OldValue ofEveryRow(Table table, String column, int number) throws SQLException {
    if (fruitless.has(table.oid(), number)) {
      return OldValue.UNKNOWN;
    }
    LOG.debug("the rows of {} are looked through for {}", table.name(), column);
    boolean isFair = nanosLeft > FAIR_NANOS;
    long deadline = System.nanoTime() + nanosLeft;
    Savepoint before = source.setSavepoint();
    try {
      OldValue value = read(table, column, deadline);
      source.releaseSavepoint(before);
      if (!value.isKnown() && (isFair || System.nanoTime() < deadline)) {
        fruitless.add(table.oid(), number);
      }
      return value;
    } catch (SQLException e) {
      source.rollback(before);
      LOG.debug("the rows of {} could not be looked through: {}", table.name(), e.getMessage());
      // A stop cancels it, too.
      boolean isTimeOver = deadline - System.nanoTime() < TimeUnit.SECONDS.toNanos(1);
      if (isFair && isTimeOver && QUERY_CANCELED.equals(e.getSQLState())) {
        fruitless.add(table.oid(), number);
      }
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
