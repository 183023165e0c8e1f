package io.bunnydb.internal.apply;

import io.bunnydb.internal.catalog.WireType;
import io.bunnydb.pgoutput.PgOutputException;
import io.bunnydb.pgoutput.Tuple;
import io.bunnydb.pgoutput.ValueKind;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The values of one tuple, by column, as parameters of statements. Not thread-safe. */
final class RowValues {
  /** SQLSTATE of bytes that are no character ("PostgreSQL Error Codes", class 22). */
  private static final String NOT_IN_ENCODING = "22021";

  private @Nullable Object[] values = new Object[0];
  private boolean[] isThere = new boolean[0];

  /** Thrown where a value's bytes are not text in UTF-8. */
  static final class NotTextException extends SQLException {
    private static final long serialVersionUID = 1L;

    /** The table whose change holds the value. */
    final transient DestinationTable target;

    NotTextException(DestinationTable target, String column, PgOutputException cause) {
      super("a value of column " + column + " is not UTF-8", NOT_IN_ENCODING, cause);
      this.target = target;
    }
  }

  /**
   * Reads a tuple.
   *
   * @param wanted per column, whether its value is needed
   */
  void read(Tuple tuple, DestinationTable target, boolean[] wanted) throws SQLException {
    int width = tuple.columnCount();
    if (values.length < width) {
      values = new Object[width];
      isThere = new boolean[width];
    }
    while (tuple.next()) {
      int i = tuple.index();
      isThere[i] = tuple.kind() != ValueKind.UNCHANGED;
      values[i] = wanted[i] && tuple.hasValue() ? value(tuple, target) : null;
    }
  }

  private static Object value(Tuple tuple, DestinationTable target) throws SQLException {
    target.form.require(tuple.kind());
    WireType type = target.form.types[tuple.index()];
    if (type.isText()) {
      try {
        return tuple.string();
      } catch (PgOutputException e) {
        throw new NotTextException(target, target.shape.columns().get(tuple.index()), e);
      }
    }
    int offset = tuple.valueOffset();
    if (type.equals(WireType.BYTEA)) {
      return Arrays.copyOfRange(tuple.bytes(), offset, offset + tuple.length());
    }
    return new BinaryValue(type, tuple.bytes(), offset, tuple.length());
  }

  /** Whether the tuple tells a column's value, NULL included. */
  boolean isThere(int column) {
    return isThere[column];
  }

  /** A column's value; null for NULL, or where it was not wanted. */
  @Nullable Object get(int column) {
    return values[column];
  }

  /** Whether a column has the same value in another row. */
  boolean isSame(int column, RowValues other) {
    return Objects.deepEquals(values[column], other.values[column]);
  }
}
