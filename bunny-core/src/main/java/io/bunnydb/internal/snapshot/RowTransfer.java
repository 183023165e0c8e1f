package io.bunnydb.internal.snapshot;

import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.catalog.WireType;
import io.bunnydb.internal.source.MirroredTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyManager;
import org.postgresql.copy.CopyOut;

/**
 * Passes the bytes of the source's {@code COPY} through: in binary form where the types mean the
 * same on both servers, else as text. The server sends a row per message ("COPY Operations" in the
 * PostgreSQL documentation), so that messages tell the progress. Used by one thread.
 */
final class RowTransfer {
  private static final int CHUNK_BYTES = 64 << 10;
  private static final int ROWS_PER_CHECK = 256;

  /** SQLSTATE of rows that a trigger or rule did not let pass (class 09). */
  private static final String TRIGGERED_ACTION = "09000";

  private final Connection source;
  private final Connection destination;
  private final StopSignal stop;
  private final byte[] chunk = new byte[CHUNK_BYTES];
  private int chunkLength;

  // Of the COPY under way: what has come, and what of it the table's progress has.
  private long messageBytes;
  private long countedRows;
  private long countedBytes;

  RowTransfer(Connection source, Connection destination, StopSignal stop) {
    this.source = source;
    this.destination = destination;
    this.stop = stop;
  }

  /**
   * What was brought.
   *
   * @param rows how many rows
   * @param bytes how many bytes
   */
  record Brought(long rows, long bytes) {}

  /** Hears of what comes. */
  @FunctionalInterface
  private interface Counter {
    /** Counts rows and bytes that have come since it was last told. */
    void add(long rows, long bytes);
  }

  /** Brings the rows of a table for which a condition holds; they are counted as they come. */
  Brought run(TableCopy copy, String condition, Table target) throws SQLException {
    MirroredTable table = copy.table();
    SourceRows rows = new SourceRows(table, table.columns(), condition);
    return run(rows, target, target.name().toSql(), copy::add);
  }

  /**
   * Brings rows into another table than that which is copied.
   *
   * @param target has the rows' columns, of the same types as the other one
   * @param into the other table as SQL
   */
  void runQuietly(SourceRows rows, Table target, String into) throws SQLException {
    run(rows, target, into, (count, bytes) -> stop.check());
  }

  private Brought run(SourceRows rows, Table target, String into, Counter counter)
      throws SQLException {
    String format = isBinary(rows.columns(), target) ? " (FORMAT binary)" : " (FORMAT text)";
    String names = rows.names();
    CopyOut from =
        copyApi(source)
            .copyOut("COPY (SELECT " + names + " FROM " + rows.fromSql() + ") TO STDOUT" + format);
    CopyIn to =
        copyApi(destination)
            .copyIn(
                "COPY "
                    + into
                    + (names.isEmpty() ? "" : " (" + names + ")")
                    + " FROM STDIN"
                    + format);
    try {
      pass(from, to, counter);
      long written = to.endCopy();
      if (written != from.getHandledRowCount()) {
        throw new SQLException(
            "the source sent "
                + from.getHandledRowCount()
                + " rows, the destination took "
                + written
                + "; is there a trigger or rule on it?",
            TRIGGERED_ACTION);
      }
      counter.add(written - countedRows, messageBytes - countedBytes);
      return new Brought(written, messageBytes);
    } catch (SQLException | RuntimeException e) {
      cancel(from, to, e);
      throw e;
    }
  }

  /** Counts most rows as they come. What ends the binary form is a message, but no row. */
  private void pass(CopyOut from, CopyIn to, Counter counter) throws SQLException {
    long messages = 0;
    messageBytes = 0;
    countedRows = 0;
    countedBytes = 0;
    chunkLength = 0;
    for (byte[] row = from.readFromCopy(); row != null; row = from.readFromCopy()) {
      if (messages - countedRows == ROWS_PER_CHECK) {
        stop.check();
        counter.add(ROWS_PER_CHECK, messageBytes - countedBytes);
        countedRows = messages;
        countedBytes = messageBytes;
      }
      messages++;
      messageBytes += row.length;
      write(to, row);
    }
    flush(to);
  }

  private void write(CopyIn to, byte[] row) throws SQLException {
    if (chunkLength + row.length > CHUNK_BYTES) {
      flush(to);
    }
    if (row.length > CHUNK_BYTES) {
      to.writeToCopy(row, 0, row.length);
      return;
    }
    System.arraycopy(row, 0, chunk, chunkLength, row.length);
    chunkLength += row.length;
  }

  private void flush(CopyIn to) throws SQLException {
    if (chunkLength > 0) {
      to.writeToCopy(chunk, 0, chunkLength);
      chunkLength = 0;
    }
  }

  private static void cancel(CopyOut from, CopyIn to, Exception cause) {
    try {
      if (to.isActive()) {
        to.cancelCopy();
      }
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
    try {
      if (from.isActive()) {
        from.cancelCopy();
      }
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }

  /** Whether each column has one type on both sides whose binary form means the same there. */
  private boolean isBinary(List<Column> columns, Table target) throws SQLException {
    boolean areIntervalsAlike =
        WireType.areIntervalsAlike(
            source.getMetaData().getDatabaseMajorVersion(),
            destination.getMetaData().getDatabaseMajorVersion());
    for (Column column : columns) {
      Column other = target.column(column.name());
      if (other == null || !column.isBinaryPortable() || other.typeOid() != column.typeOid()) {
        return false;
      }
      if (WireType.isInterval(column.typeOid()) && !areIntervalsAlike) {
        return false;
      }
    }
    return true;
  }

  private static CopyManager copyApi(Connection connection) throws SQLException {
    return connection.unwrap(PGConnection.class).getCopyAPI();
  }
}
