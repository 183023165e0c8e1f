package io.bunnydb.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The usual way to read pgoutput in Java, as Debezium has it: each message becomes an object, each
 * row a list, each column an object with its name, its type and a {@code String}.
 *
 * <p>It knows as much of protocol version 1 as {@link MessageStream} holds. Not thread-safe.
 */
final class StringDecoder {
  private final Map<Integer, Table> tables = new HashMap<>();

  /** What a message becomes. */
  sealed interface Message {}

  /** Begin. */
  record Begin(long commitLsn, long time, int xid) implements Message {}

  /** Commit. */
  record Commit(long commitLsn, long endLsn, long time) implements Message {}

  /** Relation. */
  record Table(int id, String namespace, String name, List<ColumnType> columns)
      implements Message {}

  /** A column of a relation. */
  record ColumnType(boolean key, String name, int typeOid, int typeModifier) {}

  /** Insert, Update or Delete; an Update without its old row, a Delete with nothing else. */
  record Change(char kind, Table table, List<Column> columns) implements Message {}

  /** A column of a row; the value of one that is NULL or unchanged is null. */
  record Column(String name, int typeOid, boolean unchanged, @Nullable String value) {}

  /** Reads a message. */
  Message decode(ByteBuffer message) {
    char kind = (char) message.get();
    return switch (kind) {
      case 'B' -> new Begin(message.getLong(), message.getLong(), message.getInt());
      case 'C' -> {
        message.get(); // flags
        yield new Commit(message.getLong(), message.getLong(), message.getLong());
      }
      case 'R' -> relation(message);
      case 'I', 'U', 'D' -> change(kind, message);
      default -> throw new IllegalArgumentException("message kind " + kind);
    };
  }

  private Table relation(ByteBuffer message) {
    int id = message.getInt();
    String namespace = string(message);
    String name = string(message);
    message.get(); // replica identity
    int count = message.getShort();
    List<ColumnType> columns = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      boolean key = message.get() == 1;
      columns.add(new ColumnType(key, string(message), message.getInt(), message.getInt()));
    }
    Table table = new Table(id, namespace, name, columns);
    tables.put(id, table);
    return table;
  }

  private Change change(char kind, ByteBuffer message) {
    int relation = message.getInt();
    Table table = tables.get(relation);
    if (table == null) {
      throw new IllegalArgumentException("relation " + relation);
    }
    message.get(); // kind of the tuple
    return new Change(kind, table, columns(table, message));
  }

  private static List<Column> columns(Table table, ByteBuffer message) {
    int count = message.getShort();
    List<Column> columns = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      ColumnType type = table.columns().get(i);
      byte kind = message.get();
      columns.add(
          new Column(
              type.name(), type.typeOid(), kind == 'u', kind == 't' ? value(message) : null));
    }
    return columns;
  }

  private static String value(ByteBuffer message) {
    byte[] bytes = new byte[message.getInt()];
    message.get(bytes);
    return new String(bytes, UTF_8);
  }

  private static String string(ByteBuffer message) {
    StringBuilder text = new StringBuilder();
    for (byte next = message.get(); next != 0; next = message.get()) {
      text.append((char) next);
    }
    return text.toString();
  }
}
