package io.bunnydb.pgoutput;

/** A view of one string field of the wrapped message. */
final class StringField {

  private byte[] bytes = new byte[0];
  private int start;
  private int offset;
  private int length;

  void wrap(MessageReader reader, String field) {
    bytes = reader.bytes();
    start = reader.start();
    offset = reader.position();
    length = reader.skipString(field);
  }

  boolean isEmpty() {
    return length == 0;
  }

  /** The field in a new string. */
  String value() {
    return MessageReader.string(bytes, offset, length, start);
  }
}
