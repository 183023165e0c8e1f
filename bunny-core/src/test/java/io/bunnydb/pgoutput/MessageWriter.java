package io.bunnydb.pgoutput;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes the fields of one pgoutput message, as the server does. */
public final class MessageWriter {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** Starts a message by its first byte. */
  public static MessageWriter message(char code) {
    return new MessageWriter().int8(code);
  }

  public MessageWriter int8(int value) {
    out.write(value);
    return this;
  }

  public MessageWriter int16(int value) {
    return bytes(ByteBuffer.allocate(2).putShort((short) value).array());
  }

  public MessageWriter int32(long value) {
    return bytes(ByteBuffer.allocate(4).putInt((int) value).array());
  }

  public MessageWriter int64(long value) {
    return bytes(ByteBuffer.allocate(8).putLong(value).array());
  }

  /** A string and its zero byte. */
  public MessageWriter string(String value) {
    return bytes(value.getBytes(StandardCharsets.UTF_8)).int8(0);
  }

  public MessageWriter bytes(byte[] value) {
    out.writeBytes(value);
    return this;
  }

  /** A column that is NULL. */
  public MessageWriter nullColumn() {
    return int8('n');
  }

  /** A TOASTed column that did not change. */
  public MessageWriter unchangedColumn() {
    return int8('u');
  }

  /** A column in text form. */
  public MessageWriter textColumn(String value) {
    return column('t', value.getBytes(StandardCharsets.UTF_8));
  }

  /** A column in binary form. */
  public MessageWriter binaryColumn(byte... value) {
    return column('b', value);
  }

  private MessageWriter column(char kind, byte[] value) {
    return int8(kind).int32(value.length).bytes(value);
  }

  /** The message so far. */
  public byte[] toBytes() {
    return out.toByteArray();
  }

  /** Lets the decoder wrap the message, which stands somewhere within a larger array. */
  public MessageKind wrapWith(PgOutputDecoder decoder) {
    byte[] message = toBytes();
    byte[] padded = new byte[message.length + 16];
    Arrays.fill(padded, (byte) 0x5A);
    System.arraycopy(message, 0, padded, 7, message.length);
    return decoder.wrap(padded, 7, message.length);
  }
}
