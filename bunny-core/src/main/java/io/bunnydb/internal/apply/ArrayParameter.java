package io.bunnydb.internal.apply;

import io.bunnydb.internal.catalog.WireType;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import org.postgresql.PGConnection;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.Oid;
import org.postgresql.core.QueryExecutor;
import org.postgresql.jdbc.PreferQueryMode;

/**
 * A parameter that is an array, filled element by element with bytes as they lie in the stream.
 *
 * <p>Its binary form, big-endian ({@code array_send} in PostgreSQL's source, arrayfuncs.c):
 *
 * <pre>
 *   0            4           8          12       16            20
 *  +------------+-----------+----------+--------+-------------+-----------------------
 *  | dimensions | has NULLs | type OID | length | lower bound | elements ...
 *  +------------+-----------+----------+--------+-------------+-----------------------
 *  each element: length int32, -1 for NULL | bytes
 * </pre>
 *
 * <p>Only for connections whose URL lets the driver use that form: see {@link #fits}.
 */
final class ArrayParameter extends BinaryParameter {
  private static final long serialVersionUID = 1L;

  private static final VarHandle INT32 =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final int INITIAL_BYTES = 1 << 10;
  private static final int HEADER = 20;
  private static final int NULL = -1;

  private int elementOid;
  private transient byte[] elements = new byte[INITIAL_BYTES];
  private transient int length;
  private transient int count;

  /** Becomes an empty array of a type's values; keeps its memory. */
  void begin(WireType element) {
    setType(element.driverArrayName());
    elementOid = element.oid();
    length = 0;
    count = 0;
  }

  /** How many bytes it can hold before it grows. */
  int capacity() {
    return elements.length;
  }

  /** Whether a connection takes such parameters. */
  static boolean fits(Connection connection) throws SQLException {
    return connection.unwrap(PGConnection.class).getPreferQueryMode() != PreferQueryMode.SIMPLE
        && connection.unwrap(BaseConnection.class).binaryTransferSend(Oid.TEXT_ARRAY);
  }

  /** Has a connection send values of a type, and arrays of them, in binary form. */
  static void prepare(Connection connection, WireType type) throws SQLException {
    QueryExecutor executor = connection.unwrap(BaseConnection.class).getQueryExecutor();
    executor.addBinarySendOid(type.oid());
    executor.addBinarySendOid(type.arrayOid());
  }

  /** Adds an element. */
  void add(byte[] from, int offset, int size) {
    reserve(Integer.BYTES + size);
    putInt(size);
    System.arraycopy(from, offset, elements, length, size);
    length += size;
    count++;
  }

  /** Adds a NULL. */
  void addNull() {
    reserve(Integer.BYTES);
    putInt(NULL);
    count++;
  }

  private void reserve(int more) {
    if (elements.length - length < more) {
      int least = Math.addExact(length, more);
      elements = Arrays.copyOf(elements, Math.max(least, length + (length >> 1)));
    }
  }

  private void putInt(int value) {
    INT32.set(elements, length, value);
    length += Integer.BYTES;
  }

  @Override
  public int lengthInBytes() {
    return HEADER + length;
  }

  @Override
  public void toBytes(byte[] to, int offset) {
    ByteBuffer.wrap(to, offset, HEADER + length)
        .putInt(1)
        .putInt(1)
        .putInt(elementOid)
        .putInt(count)
        .putInt(1)
        .put(elements, 0, length);
  }

  // The driver compares no parameters; equal arrays would have to be read to the end.
  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
