package io.bunnydb.internal.apply;

import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Changes that share one statement, as a batch of it. */
final class StatementRun extends Run {
  private static final int MAX_BATCH = 1000;

  /** SQLSTATE of a row that is not there ("PostgreSQL Error Codes", class 02). */
  static final String NO_DATA = "02000";

  /** SQLSTATE of a row that a trigger or rule did not let pass (class 09). */
  private static final String TRIGGERED_ACTION = "09000";

  /** SQLSTATE of more rows than there can be (class 21). */
  private static final String CARDINALITY = "21000";

  private static final Pattern NUMBER = Pattern.compile("\\d+");

  /** What the rows of a run count as, and what a row that was not found means. */
  enum Kind {
    /** Puts a row in. */
    INSERT,
    /** Puts a row in; it always has an effect, or none is needed. */
    UPSERT,
    /** Removes a row that would be in the way, if it is there. */
    MAKE_ROOM,
    /** Moves a row to another key, if it is there; another statement follows that counts. */
    MOVE,
    /** Puts a changed row in; it always has an effect, or none is needed. */
    REPLACE,
    /** Changes one row. */
    UPDATE,
    /** Removes one row. */
    DELETE
  }

  private final Kind kind;
  private final String sql;
  private final PreparedStatement statement;
  private int parameter;
  private int sent;

  StatementRun(DestinationTable target, Kind kind, String sql, Connection destination)
      throws SQLException {
    super(target);
    this.kind = kind;
    this.sql = sql;
    this.statement = destination.prepareStatement(sql);
  }

  boolean isFor(DestinationTable other, String otherSql) {
    return target == other && sql.equals(otherSql);
  }

  /**
   * Adds the next parameter of the row.
   *
   * @param value text, bytes, or a {@link BinaryValue}
   */
  void bind(@Nullable Object value) throws SQLException {
    parameter++;
    if (value == null) {
      statement.setNull(parameter, Types.OTHER);
    } else if (value instanceof String text) {
      statement.setString(parameter, text);
    } else if (value instanceof byte[] bytes) {
      statement.setBytes(parameter, bytes);
    } else {
      statement.setObject(parameter, value);
    }
  }

  /** Ends the row. */
  void endRow(long lsn) throws SQLException {
    statement.addBatch();
    parameter = 0;
    note(lsn);
    if (count() - sent >= MAX_BATCH) {
      send();
    }
  }

  @Override
  void finish() throws SQLException {
    if (count() > sent) {
      send();
    }
  }

  private void send() throws SQLException {
    for (int rows : statement.executeBatch()) {
      // A negative number is Statement.SUCCESS_NO_INFO; it does not occur with single rows.
      if (rows > 1 || (rows < 0 && rows != Statement.SUCCESS_NO_INFO)) {
        throw new SQLException(
            "a change of one row met " + rows + " rows; the destination's key is not unique",
            CARDINALITY);
      }
      count(rows != 0);
    }
    sent = count();
  }

  private void count(boolean isFound) throws SQLException {
    switch (kind) {
      case INSERT -> {
        if (!isFound) {
          throw new SQLException(
              "the server did not take a row; is there a trigger or rule?", TRIGGERED_ACTION);
        }
        target.inserted++;
      }
      case UPSERT -> target.inserted++;
      case REPLACE -> target.updated++;
      case MAKE_ROOM, MOVE -> {}
      case UPDATE -> {
        if (isFound) {
          target.updated++;
        } else {
          missing();
        }
      }
      case DELETE -> {
        if (isFound) {
          target.deleted++;
        } else {
          missing();
        }
      }
    }
  }

  private void missing() throws SQLException {
    if (target.stopsAtMissingRow) {
      throw new SQLException(
          "the row of an UPDATE or DELETE is not on the destination (key columns "
              + target.rowSql.keyColumns()
              + ")",
          NO_DATA);
    }
    target.missing++;
  }

  @Override
  void close() throws SQLException {
    statement.close();
  }

  @Override
  int failedChange(SQLException error) {
    // The update counts say nothing within a transaction; the message begins with the number, which
    // is below a thousand and so has no grouping.
    if (error instanceof BatchUpdateException) {
      Matcher entry = NUMBER.matcher(String.valueOf(error.getMessage()));
      return entry.find() ? sent + Integer.parseInt(entry.group()) : -1;
    }
    return -1;
  }
}
