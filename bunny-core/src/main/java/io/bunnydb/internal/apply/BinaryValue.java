package io.bunnydb.internal.apply;

import io.bunnydb.internal.catalog.WireType;
import java.util.Arrays;

/**
 * A parameter that holds a value as the stream has it, in the binary form of its type. Never empty:
 * the driver takes an empty one for NULL.
 *
 * <p>Only for connections that send the type in binary form: see {@link
 * ArrayParameter#prepare(java.sql.Connection, WireType)}. Immutable.
 */
final class BinaryValue extends BinaryParameter {
  private static final long serialVersionUID = 1L;

  private final transient byte[] bytes;

  /**
   * Copies a value.
   *
   * @param size its length, at least 1
   */
  BinaryValue(WireType wireType, byte[] from, int offset, int size) {
    setType(wireType.driverName());
    bytes = Arrays.copyOfRange(from, offset, offset + size);
  }

  @Override
  public int lengthInBytes() {
    return bytes.length;
  }

  @Override
  public void toBytes(byte[] to, int offset) {
    System.arraycopy(bytes, 0, to, offset, bytes.length);
  }

  /** Whether both have the same type and bytes. */
  @Override
  public boolean equals(Object other) {
    return other instanceof BinaryValue value
        && getType().equals(value.getType())
        && Arrays.equals(bytes, value.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }
}
