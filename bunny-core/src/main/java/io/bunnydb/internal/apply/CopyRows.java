package io.bunnydb.internal.apply;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * A {@code COPY ... FROM STDIN}, whose rows are given value by value, in the form that the stream
 * has them in. Values go from the batch to the driver as bytes.
 *
 * <p>The connection can do nothing else until {@link #end} or {@link #cancel}. Used by one thread.
 */
public abstract sealed class CopyRows permits CopyText, CopyBinary {
  static final int FLUSH_BYTES = 64 << 10;

  private final CopyIn copy;
  private byte[] buffer = new byte[FLUSH_BYTES + (8 << 10)];
  private int length;

  CopyRows(CopyIn copy) {
    this.copy = copy;
  }

  /** Begins to copy rows into a table. */
  static CopyRows into(DestinationTable target, Connection destination) throws SQLException {
    CopyIn begun = destination.unwrap(PGConnection.class).getCopyAPI().copyIn(target.rowSql.copy);
    return target.form.isBinary()
        ? new CopyBinary(begun, target.columnsWritten())
        : new CopyText(begun);
  }

  /** Begins a row. */
  public abstract void beginRow();

  /** Adds a value to the row. */
  public abstract void value(byte[] from, int offset, int size) throws SQLException;

  /** Adds a NULL to the row. */
  public abstract void nullValue();

  /** Ends the row. */
  public abstract void endRow() throws SQLException;

  /** Writes what stands behind the last row. */
  abstract void finish();

  /** Ends the command; gives the number of rows that the server took, negative if unknown. */
  public final long end() throws SQLException {
    finish();
    flush();
    return copy.endCopy();
  }

  /** Breaks the command off, if it has not ended. */
  final void cancel() throws SQLException {
    if (copy.isActive()) {
      copy.cancelCopy();
    }
  }

  /** Room for more bytes behind the others; gives the array, in which they begin at the length. */
  final byte[] reserve(int more) {
    if (buffer.length - length < more) {
      buffer = Arrays.copyOf(buffer, Math.max(Math.addExact(length, more), buffer.length * 2));
    }
    return buffer;
  }

  /** How many bytes there are. */
  final int length() {
    return length;
  }

  /** Notes how many bytes there are now. */
  final void length(int bytes) {
    length = bytes;
  }

  /** Gives the bytes to the driver if they are many. */
  final void flushIfFull() throws SQLException {
    if (length >= FLUSH_BYTES) {
      flush();
    }
  }

  private void flush() throws SQLException {
    copy.writeToCopy(buffer, 0, length);
    length = 0;
  }
}
