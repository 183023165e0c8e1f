package io.bunnydb.pgoutput;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Reads one message from front to back and refuses what does not fit in it.
 *
 * <p>Integers are big-endian, strings end with a zero byte ("Message Data Types" in the PostgreSQL
 * documentation). Each read names its field, for the error. Not thread-safe.
 */
final class MessageReader {

  private static final VarHandle INT32 =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INT32_LITTLE_ENDIAN =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT64_LITTLE_ENDIAN =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT64 =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private byte[] bytes = new byte[0];
  private int start;
  private int position;
  private int limit;

  /** Four bytes of the array as an integer. */
  static int int32(byte[] bytes, int index) {
    return (int) INT32.get(bytes, index);
  }

  /** Four bytes of the array as an integer whose lowest byte comes first. */
  static int int32LittleEndian(byte[] bytes, int index) {
    return (int) INT32_LITTLE_ENDIAN.get(bytes, index);
  }

  /** Eight bytes of the array as an integer whose lowest byte comes first. */
  static long int64LittleEndian(byte[] bytes, int index) {
    return (long) INT64_LITTLE_ENDIAN.get(bytes, index);
  }

  /**
   * The bytes as a string.
   *
   * @param start index of the message's first byte, to tell the offset
   * @throws PgOutputException if they are not UTF-8
   */
  static String string(byte[] bytes, int index, int length, int start) {
    String text = new String(bytes, index, length, StandardCharsets.UTF_8);
    // A malformed byte shows as U+FFFD; only then is it worth asking whether that was really sent.
    if (text.indexOf('\uFFFD') >= 0) {
      try {
        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, index, length));
      } catch (CharacterCodingException e) {
        PgOutputException failure =
            new PgOutputException(
                "expected UTF-8, found other bytes in a string of " + length + " bytes",
                index - start);
        failure.initCause(e);
        throw failure;
      }
    }
    return text;
  }

  /** Starts to read a message. */
  void wrap(byte[] bytes, int offset, int length) {
    this.bytes = bytes;
    start = offset;
    position = offset;
    limit = offset + length;
  }

  byte[] bytes() {
    return bytes;
  }

  /** Index in {@link #bytes()} of the message's first byte. */
  int start() {
    return start;
  }

  /** Index in {@link #bytes()} of the next byte to read. */
  int position() {
    return position;
  }

  /** Goes to an index that was found by reading {@link #bytes()} itself. */
  void position(int index) {
    position = index;
  }

  /** Index in {@link #bytes()} behind the message. */
  int limit() {
    return limit;
  }

  /** Bytes of the message that are not yet read. */
  int remaining() {
    return limit - position;
  }

  byte int8(String field) {
    require(1, field);
    return bytes[position++];
  }

  int int16(String field) {
    require(2, field);
    int value = (short) (bytes[position] << 8 | (bytes[position + 1] & 0xFF));
    position += 2;
    return value;
  }

  int int32(String field) {
    require(4, field);
    int value = (int) INT32.get(bytes, position);
    position += 4;
    return value;
  }

  /** An object identifier or a transaction identifier: 32 bits, unsigned. */
  long unsigned32(String field) {
    return int32(field) & 0xFFFF_FFFFL;
  }

  long int64(String field) {
    require(8, field);
    long value = (long) INT64.get(bytes, position);
    position += 8;
    return value;
  }

  /** A number of things, 16 bits, at least 0. */
  int count16(String field) {
    int count = int16(field);
    if (count < 0) {
      throw failure("expected " + field + " of at least 0, found " + count, position - 2);
    }
    return count;
  }

  /** A number of bytes or things, 32 bits, at least 0. */
  int count32(String field) {
    int count = int32(field);
    if (count < 0) {
      throw failure("expected " + field + " of at least 0, found " + count, position - 4);
    }
    return count;
  }

  /** A byte of flags of which only those in the mask may be set. */
  int flags(int mask, String field) {
    int flags = int8(field) & 0xFF;
    if ((flags & ~mask) != 0) {
      throw failure(
          "expected "
              + field
              + " within 0x"
              + Integer.toHexString(mask)
              + ", found 0x"
              + Integer.toHexString(flags),
          position - 1);
    }
    return flags;
  }

  /** Passes over bytes. */
  void skip(int length, String field) {
    require(length, field);
    position += length;
  }

  /** Passes over a string and the zero byte behind it; returns its length without that byte. */
  int skipString(String field) {
    int from = position;
    for (int i = from; i < limit; i++) {
      if (bytes[i] == 0) {
        position = i + 1;
        return i - from;
      }
    }
    throw failure(
        "expected " + field + " ended by a zero byte, found none in " + (limit - from) + " bytes",
        from);
  }

  /** Refuses bytes behind the message. */
  void end() {
    if (position != limit) {
      throw failure("expected the end, found " + (limit - position) + " more bytes", position);
    }
  }

  /** The exception for what was found at the byte that was read last. */
  PgOutputException unexpected(String expected, byte found) {
    return failure("expected " + expected + ", found " + describe(found), position - 1);
  }

  /** The exception for a fault at an index of the array; it names the message. */
  PgOutputException failure(String what, int index) {
    MessageKind kind = limit > start ? MessageKind.of(bytes[start]) : null;
    String title = kind == null ? "message" : kind.title();
    return new PgOutputException(title + ": " + what, index - start);
  }

  private void require(int length, String field) {
    if (length > limit - position) {
      throw failure(
          "expected " + length + " bytes of " + field + ", found " + (limit - position), position);
    }
  }

  private static String describe(byte found) {
    String hex = "0x" + Integer.toHexString(found & 0xFF);
    return found > ' ' && found < 0x7F ? hex + " '" + (char) found + "'" : hex;
  }
}
