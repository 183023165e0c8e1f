package io.bunnydb.internal.apply;

import io.bunnydb.pgoutput.Tuple;
import io.bunnydb.pgoutput.ValueKind;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * Inserts, as one {@code COPY ... FROM STDIN} in text form: columns divided by tabs, rows by line
 * feeds, NULL as backslash-N, special characters escaped by a backslash ("COPY", section File
 * Formats, in the PostgreSQL documentation). Values go from the batch to the driver as bytes.
 */
final class InsertRun extends Run {
  private static final int FLUSH_BYTES = 64 << 10;
  private static final int PIECE_BYTES = 32 << 10;
  private static final Pattern LINE = Pattern.compile("line (\\d+)");
  private static final byte[] NULL = "\\N".getBytes(StandardCharsets.US_ASCII);

  private final CopyIn copy;
  private byte[] buffer = new byte[8 << 10];
  private int length;

  InsertRun(DestinationTable target, Connection destination) throws SQLException {
    super(target);
    copy = destination.unwrap(PGConnection.class).getCopyAPI().copyIn(target.copySql);
  }

  /**
   * Adds a row.
   *
   * @param tuple the new row; stands before its first column
   * @param lsn commit position of the transaction
   * @return whether the row is complete; false if a value is not in the log, and then the run is of
   *     no use any more
   */
  boolean add(Tuple tuple, long lsn) throws SQLException {
    note(lsn);
    boolean isFirst = true;
    while (tuple.next()) {
      if (!target.written[tuple.index()]) {
        continue;
      }
      if (!isFirst) {
        put((byte) '\t');
      }
      isFirst = false;
      ValueKind kind = tuple.kind();
      if (kind == ValueKind.NULL) {
        reserve(NULL.length);
        System.arraycopy(NULL, 0, buffer, length, NULL.length);
        length += NULL.length;
      } else if (kind == ValueKind.TEXT) {
        putEscaped(tuple.bytes(), tuple.valueOffset(), tuple.length());
      } else {
        return false;
      }
    }
    put((byte) '\n');
    if (length >= FLUSH_BYTES) {
      flush();
    }
    return true;
  }

  /** Large values go to the server in pieces, so that none is held a second time. */
  private void putEscaped(byte[] from, int offset, int size) throws SQLException {
    int end = offset + size;
    for (int piece = offset; piece < end; piece += PIECE_BYTES) {
      putPiece(from, piece, Math.min(end, piece + PIECE_BYTES));
      if (length >= FLUSH_BYTES) {
        flush();
      }
    }
  }

  private void putPiece(byte[] from, int start, int end) {
    reserve(2 * (end - start));
    int at = length;
    byte[] to = buffer;
    for (int i = start; i < end; i++) {
      byte b = from[i];
      if (b == '\\' || b == '\n' || b == '\r' || b == '\t') {
        to[at++] = '\\';
        to[at++] = escaped(b);
      } else {
        to[at++] = b;
      }
    }
    length = at;
  }

  private static byte escaped(byte b) {
    return switch (b) {
      case '\n' -> 'n';
      case '\r' -> 'r';
      case '\t' -> 't';
      default -> b;
    };
  }

  private void put(byte b) {
    reserve(1);
    buffer[length++] = b;
  }

  private void reserve(int more) {
    if (buffer.length - length < more) {
      buffer = Arrays.copyOf(buffer, Math.max(Math.addExact(length, more), buffer.length * 2));
    }
  }

  private void flush() throws SQLException {
    copy.writeToCopy(buffer, 0, length);
    length = 0;
  }

  @Override
  void finish() throws SQLException {
    flush();
    long rows = copy.endCopy();
    if (rows >= 0 && rows != count()) {
      throw new SQLException(
          "the server took " + rows + " of " + count() + " rows; is there a trigger or rule?");
    }
    target.inserted += count();
  }

  @Override
  void close() throws SQLException {
    if (copy.isActive()) {
      copy.cancelCopy();
    }
  }

  @Override
  int failedChange(SQLException error) {
    ServerErrorMessage message =
        error instanceof PSQLException server ? server.getServerErrorMessage() : null;
    String where = message == null ? null : message.getWhere();
    if (where == null) {
      return -1;
    }
    Matcher line = LINE.matcher(where);
    return line.find() ? Integer.parseInt(line.group(1)) - 1 : -1;
  }
}
