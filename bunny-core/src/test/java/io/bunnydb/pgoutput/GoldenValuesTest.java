package io.bunnydb.pgoutput;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The recorded streams hold what {@link GoldenWorkload} wrote, by its statements rather than by the
 * text that was made when they were recorded: what was misread then shows here.
 */
final class GoldenValuesTest {

  private static final Instant EPOCH = Instant.parse("2000-01-01T00:00:00Z");
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSSX");
  private static final int NUMERIC_BASE = 10_000;

  /** What each statement of the workload writes that is published, in order. */
  private static final List<String> ALWAYS =
      List.of(
          "insert items (2, größer, 12.50, glad, (3,\"a \"\"b\"\"\"), 40, 00ff,"
              + " 2026-01-02T03:04:05.678Z, small)",
          "insert items (3, , null, null, null, null, null, null, null)",
          "update items (1, still toasted, null, null, null, null, null, null, unchanged)",
          "update items KEY (2, null, null, null, null, null, null, null, null)"
              + " (20, größer, 12.50, glad, (3,\"a \"\"b\"\"\"), 40, 00ff,"
              + " 2026-01-02T03:04:05.678Z, small)",
          "delete items KEY (3, null, null, null, null, null, null, null, null)",
          "insert everything (1, one)",
          "insert everything (2, null)",
          "update everything FULL (2, null) (2, two)",
          "delete everything FULL (1, one)",
          "insert T.x (1, 10, a)",
          "update T.x (1, 10, b)",
          "update T.x KEY (null, 10, null) (1, 11, b)",
          "delete T.x KEY (null, 11, null)",
          "insert journal (kept)",
          "insert empty ()",
          "insert parent (1)",
          "insert child (1, 1)",
          "truncate parent child cascade restart",
          "truncate journal empty",
          "insert child (2, wider)",
          "message app: 00ff",
          "message app: " + HexFormat.of().formatHex("within".getBytes(UTF_8)),
          "insert parent (2)",
          "origin elsewhere 1234abcd 2026-01-02T03:04:05Z",
          "insert parent (3)");

  private static final List<String> STREAMED =
      List.of(
          "insert items (30, streamed, null, sad, null, null, null, null, null)",
          "update items (30, streamed, null, sad, null, 1, null, null, null)",
          "delete items KEY (30, null, null, null, null, null, null, null, null)",
          "truncate journal",
          "message app: " + HexFormat.of().formatHex("streamed".getBytes(UTF_8)),
          "insert parent (31)",
          "insert parent (32)",
          "insert parent (33)");

  private static final List<String> PREPARED = List.of("insert parent (40)", "insert parent (41)");
  private static final List<String> PREPARED_STREAMED = List.of("insert parent (42)");

  private final Map<Long, String> names = new HashMap<>();
  private final Map<Long, List<String>> columns = new HashMap<>();
  private long commitMicros;

  static List<GoldenRecording> recordings() {
    return GoldenRecording.ALL;
  }

  @ParameterizedTest
  @MethodSource("recordings")
  void holdsWhatTheWorkloadWrote(GoldenRecording recording) throws IOException {
    List<String> expected = new ArrayList<>(ALWAYS);
    if (recording.isStreaming()) {
      expected.addAll(STREAMED);
    }
    if (recording.twoPhase()) {
      expected.addAll(PREPARED);
    }
    if (recording.twoPhase() && recording.isStreaming()) {
      expected.addAll(PREPARED_STREAMED);
    }
    PgOutputDecoder decoder = new PgOutputDecoder(recording.version());
    List<String> written = new ArrayList<>();
    for (byte[] message : recording.messages()) {
      String change = change(decoder, decoder.wrap(message, 0, message.length));
      if (!change.isEmpty()) {
        written.add(change);
      }
    }
    assertThat(written).isEqualTo(expected);
  }

  private String change(PgOutputDecoder decoder, MessageKind kind) {
    switch (kind) {
      case BEGIN -> commitMicros = decoder.begin().commitTimeMicros();
      case RELATION -> describe(decoder.relation());
      case ORIGIN -> {
        // The workload sets the time of this transaction.
        return "origin %s %x %s"
            .formatted(decoder.origin().name(), decoder.origin().commitLsn(), time(commitMicros));
      }
      case INSERT -> {
        Insert m = decoder.insert();
        return "insert " + names.get(m.relationId()) + row(m.relationId(), m.newTuple());
      }
      case UPDATE -> {
        Update m = decoder.update();
        long id = m.relationId();
        String old = m.hasOldTuple() ? " " + m.oldKind() + row(id, m.oldTuple()) : "";
        return "update " + names.get(id) + old + row(id, m.newTuple());
      }
      case DELETE -> {
        Delete m = decoder.delete();
        long id = m.relationId();
        return "delete " + names.get(id) + " " + m.oldKind() + row(id, m.oldTuple());
      }
      case TRUNCATE -> {
        Truncate m = decoder.truncate();
        StringJoiner text = new StringJoiner(" ", "truncate ", "");
        for (int i = 0; i < m.relationCount(); i++) {
          text.add(names.get(m.relationId(i)));
        }
        return text + (m.isCascade() ? " cascade" : "") + (m.isRestartIdentity() ? " restart" : "");
      }
      case MESSAGE -> {
        LogicalMessage m = decoder.message();
        byte[] content = new byte[m.length()];
        m.copy(content, 0);
        // The recorder ends each stream with one of its own.
        return m.prefix().equals("golden")
            ? ""
            : "message " + m.prefix() + ": " + HexFormat.of().formatHex(content);
      }
      default -> {
        return "";
      }
    }
    return "";
  }

  private void describe(Relation relation) {
    List<String> of = new ArrayList<>();
    while (relation.columns().next()) {
      of.add(relation.columns().name());
    }
    names.put(relation.id(), relation.name());
    columns.put(relation.id(), of);
    assertThat(relation.namespace())
        .isEqualTo(relation.name().equals("T.x") ? "My Schema" : "public");
  }

  private String row(long relation, Tuple tuple) {
    StringJoiner row = new StringJoiner(", ", " (", ")");
    for (String column : columns.get(relation)) {
      assertThat(tuple.next()).isTrue();
      row.add(
          switch (tuple.kind()) {
            case NULL -> "null";
            case UNCHANGED -> "unchanged";
            case TEXT -> text(column, tuple.string());
            case BINARY -> {
              byte[] value = new byte[tuple.length()];
              tuple.copy(value, 0);
              yield binary(column, value);
            }
          });
    }
    assertThat(tuple.next()).isFalse();
    return row.toString();
  }

  private static String text(String column, String value) {
    return switch (column) {
      case "raw" -> value.substring("\\x".length());
      case "made" -> OffsetDateTime.parse(value, TIME).toInstant().toString();
      default -> value;
    };
  }

  /**
   * The binary forms of the types, as their {@code ..._send} functions in PostgreSQL write them.
   */
  private static String binary(String column, byte[] bytes) {
    ByteBuffer value = ByteBuffer.wrap(bytes);
    return switch (column) {
      case "id", "a", "größe", "parent", "part" -> Integer.toString(value.getInt());
      case "price" -> numeric(value).toString();
      case "raw" -> HexFormat.of().formatHex(bytes);
      case "made" -> time(value.getLong());
      case "place" -> place(value);
      default -> UTF_8.decode(value).toString();
    };
  }

  private static BigDecimal numeric(ByteBuffer value) {
    int digits = value.getShort();
    int weight = value.getShort();
    assertThat(value.getShort()).as("sign").isZero();
    int scale = value.getShort();
    BigInteger number = BigInteger.ZERO;
    for (int i = 0; i < digits; i++) {
      number =
          number
              .multiply(BigInteger.valueOf(NUMERIC_BASE))
              .add(BigInteger.valueOf(value.getShort()));
    }
    return new BigDecimal(number, 4 * (digits - 1 - weight)).setScale(scale);
  }

  private static String place(ByteBuffer value) {
    assertThat(value.getInt()).as("fields").isEqualTo(2);
    value.getInt(); // the type's OID
    assertThat(value.getInt()).as("length").isEqualTo(Integer.BYTES);
    int shelf = value.getInt();
    value.getInt();
    byte[] label = new byte[value.getInt()];
    value.get(label);
    return "(%d,\"%s\")".formatted(shelf, new String(label, UTF_8).replace("\"", "\"\""));
  }

  private static String time(long micros) {
    return EPOCH.plusNanos(micros * 1000).toString();
  }
}
