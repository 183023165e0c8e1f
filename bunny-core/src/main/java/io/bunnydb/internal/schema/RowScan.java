package io.bunnydb.internal.schema;

import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A look at every row of a source table, which takes no longer than half a minute. */
final class RowScan {
  private static final Logger LOG = LoggerFactory.getLogger(RowScan.class);

  private RowScan() {}

  /**
   * The value that every row has in a column, by its text; not known where they differ, and where
   * it takes too long or may not be read. In the connection's open transaction, which holds a lock
   * of the table since before the statement: a table that was written anew shows older snapshots no
   * rows.
   */
  static OldValue ofEveryRow(Connection source, Table table, String column) throws SQLException {
    String name = Sql.identifier(column);
    String text =
        "CASE WHEN "
            + name
            + " IS DISTINCT FROM NULL THEN pg_catalog.format('%s', "
            + name
            + ") END";
    Savepoint before = source.setSavepoint();
    try {
      Sql.execute(source, "SET LOCAL statement_timeout = '30s'");
      String first =
          Sql.queryText(source, "SELECT " + text + " FROM " + table.toSql() + " LIMIT 1");
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
      source.releaseSavepoint(before);
      return areDifferent ? OldValue.UNKNOWN : new OldValue(true, first);
    } catch (SQLException e) {
      source.rollback(before);
      LOG.debug("the rows of {} could not be looked through: {}", table.name(), e.getMessage());
      return OldValue.UNKNOWN;
    }
  }
}
