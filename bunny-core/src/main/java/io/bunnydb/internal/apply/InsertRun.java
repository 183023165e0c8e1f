package io.bunnydb.internal.apply;

import io.bunnydb.pgoutput.Tuple;
import io.bunnydb.pgoutput.ValueKind;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** Inserts, as one {@code COPY}. */
final class InsertRun extends Run {
  private static final Pattern LINE = Pattern.compile("line (\\d+)");

  private final Connection destination;
  private final CopyRows copy;

  InsertRun(DestinationTable target, Connection destination) throws SQLException {
    super(target);
    this.destination = destination;
    copy = CopyRows.into(target, destination);
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
    copy.beginRow();
    while (tuple.next()) {
      if (!target.written[tuple.index()]) {
        continue;
      }
      ValueKind kind = tuple.kind();
      if (kind == ValueKind.NULL) {
        copy.nullValue();
      } else if (kind == ValueKind.UNCHANGED) {
        return false;
      } else {
        target.form.require(kind);
        copy.value(tuple.bytes(), tuple.valueOffset(), tuple.length());
      }
    }
    copy.endRow();
    return true;
  }

  @Override
  void finish() throws SQLException {
    long rows = copy.end();
    if (rows >= 0 && rows != count()) {
      throw new SQLException(
          "the server took " + rows + " of " + count() + " rows; is there a trigger or rule?");
    }
    target.requireTypes(destination);
    target.inserted += count();
  }

  @Override
  void close() throws SQLException {
    copy.cancel();
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
