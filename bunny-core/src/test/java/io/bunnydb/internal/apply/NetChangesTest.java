package io.bunnydb.internal.apply;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.bunnydb.internal.apply.NetChanges.Kind;
import io.bunnydb.pgoutput.MessageKind;
import io.bunnydb.pgoutput.MessageWriter;
import io.bunnydb.pgoutput.PgOutputDecoder;
import io.bunnydb.pgoutput.Seed;
import io.bunnydb.pgoutput.ValueKind;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The net effect of a table's changes: columns are a key of two, and two others. */
final class NetChangesTest {
  private static final int WIDTH = 4;
  private static final String UNCHANGED = "(unchanged)";

  private final boolean[] written = {true, true, true, true};
  private final boolean[] key = {true, false, true, false};
  private final PgOutputDecoder decoder = new PgOutputDecoder(1);
  private final NetChanges changes = new NetChanges(written, key, ValueKind.TEXT);

  // The messages that are to come, one behind the other as in a batch.
  private byte[] batch = new byte[0];
  private final List<int[]> places = new ArrayList<>();
  private int taken;

  @Test
  void leavesNothingOfRowThatCameAndWent() {
    messages(insert("1", "a", "x", "b"), update("1", "c", "x", "d"), delete("1", "x"));

    assertThat(addAll()).containsExactly(true, true, true);
    assertThat(changes.count()).isEqualTo(1);
    assertThat(changes.kind(0)).isEqualTo(Kind.NOTHING);
    assertThat(changes.inserted()).isEqualTo(1);
    assertThat(changes.updated()).isEqualTo(1);
    assertThat(changes.deleted()).isEqualTo(1);
  }

  @Test
  void replacesRowThatWentAndCameAgain() {
    messages(delete("1", "x"), insert("1", "a", "x", null), update("1", "b", "x", UNCHANGED));

    assertThat(addAll()).containsExactly(true, true, true);
    assertThat(changes.kind(0)).isEqualTo(Kind.REPLACE);
    assertThat(rowOf(0)).containsExactly("1", "b", "x", null);
  }

  @Test
  void keepsValueThatLaterUpdateLeavesUnchanged() {
    messages(update("1", UNCHANGED, "x", "b"), update("1", "c", "x", UNCHANGED));

    assertThat(addAll()).containsExactly(true, true);
    assertThat(changes.kind(0)).isEqualTo(Kind.UPDATE);
    assertThat(rowOf(0)).containsExactly("1", "c", "x", "b");
  }

  @Test
  void refusesWhatOnlyOrderTells() {
    messages(
        insert("1", "a", "x", "b"),
        update("1", "c", "x", "d"),
        insert("1", "e", "x", "f"), // the key is there
        delete("1", "x"),
        delete("1", "x"), // the row is gone
        update("1", "c", "x", "d"), // likewise
        insert("2", "a", "x", UNCHANGED), // not complete
        update("2", UNCHANGED, "x", UNCHANGED), // sets nothing
        update(null, "a", "x", "b")); // no key

    assertThat(addAll())
        .containsExactly(true, true, false, true, false, false, false, false, false);
  }

  @Test
  void refusesChangeOfKey() {
    messages(
        row(MessageWriter.message('U').int32(1).int8('K'), "1", null, "x", null)
            .int8('N')
            .int16(WIDTH)
            .textColumn("2")
            .textColumn("a")
            .textColumn("x")
            .textColumn("b"));

    assertThat(addAll()).containsExactly(false);
    assertThat(changes.count()).isZero();
  }

  @Test
  void refusesUpdateAfterTwoInsertsOfOneKey() {
    messages(insert("1", "a", "x", "b"), insert("1", "c", "x", "d"), update("1", "e", "x", "f"));

    assertThat(addAll()).containsExactly(true, true, false);
  }

  @Test
  void tellsKeysApartByEachColumn() {
    messages(insert("1", "a", "11", "b"), insert("11", "c", "1", "d"), delete("1", "11"));

    assertThat(addAll()).containsExactly(true, true, true);
    assertThat(changes.kind(0)).isEqualTo(Kind.NOTHING);
    assertThat(changes.kind(1)).isEqualTo(Kind.INSERT);
  }

  @Test
  void hasTheEffectOfTheChangesOneByOne() {
    Random random = new Random(Seed.printed("NetChangesTest"));
    for (int round = 0; round < 200; round++) {
      Map<String, List<@Nullable String>> table = new HashMap<>();
      for (int i = 0; i < 40; i++) {
        table.put("k" + i, values("k" + i, "old", "x", "old"));
      }
      Map<String, List<@Nullable String>> expected = new HashMap<>(table);
      messages(randomChanges(random, expected));

      assertThat(addAll()).doesNotContain(false);
      assertThat(writtenTo(table)).isEqualTo(expected);
    }
  }

  @Test
  void allocatesNothingForChangesOnceItHasGrown() {
    Random random = new Random(7);
    Map<String, List<@Nullable String>> table = new HashMap<>();
    messages(randomChanges(random, table));
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().getId();
    addRepeatedly(2_000); // until it is compiled
    threads.getThreadAllocatedBytes(thread);
    long before = threads.getThreadAllocatedBytes(thread);

    addRepeatedly(1_000);

    // One object for each of the 300,000 changes would be 4,800,000.
    assertThat(threads.getThreadAllocatedBytes(thread) - before).isLessThan(300_000);
  }

  private MessageWriter[] randomChanges(Random random, Map<String, List<@Nullable String>> rows) {
    MessageWriter[] messages = new MessageWriter[300];
    for (int i = 0; i < messages.length; i++) {
      String id = "k" + random.nextInt(80);
      List<@Nullable String> row = rows.get(id);
      String value = random.nextInt(5) == 0 ? null : "v" + i;
      if (row == null) {
        rows.put(id, values(id, value, "x", "w" + i));
        messages[i] = insert(id, value, "x", "w" + i);
      } else if (random.nextInt(3) == 0) {
        rows.remove(id);
        messages[i] = delete(id, "x");
      } else {
        boolean isKept = random.nextBoolean();
        rows.put(id, values(id, value, "x", isKept ? row.get(3) : "u" + i));
        messages[i] = update(id, value, "x", isKept ? UNCHANGED : "u" + i);
      }
    }
    return messages;
  }

  /** What a destination has when the net effect is written as {@link SetWriter} does. */
  private Map<String, List<@Nullable String>> writtenTo(Map<String, List<@Nullable String>> rows) {
    for (Kind kind : List.of(Kind.DELETE, Kind.REPLACE, Kind.UPDATE)) {
      for (int entry = 0; entry < changes.count(); entry++) {
        if (changes.kind(entry) == kind) {
          List<@Nullable String> row = rowOf(entry);
          List<@Nullable String> old = rows.remove(row.get(0));
          assertThat(old).isNotNull();
          if (kind == Kind.UPDATE) {
            row.replaceAll(value -> value);
            for (int column = 0; column < WIDTH; column++) {
              if (UNCHANGED.equals(row.get(column))) {
                row.set(column, old.get(column));
              }
            }
            rows.put(String.valueOf(row.get(0)), row);
          }
        }
      }
    }
    for (int entry = 0; entry < changes.count(); entry++) {
      if (changes.kind(entry) == Kind.INSERT || changes.kind(entry) == Kind.REPLACE) {
        List<@Nullable String> row = rowOf(entry);
        assertThat(rows.put(String.valueOf(row.get(0)), row)).isNull();
      }
    }
    return rows;
  }

  private List<@Nullable String> rowOf(int entry) {
    List<@Nullable String> row = new ArrayList<>();
    for (int column = 0; column < WIDTH; column++) {
      if (!changes.isSet(entry, column)) {
        row.add(UNCHANGED);
      } else if (changes.isNull(entry, column)) {
        row.add(null);
      } else {
        row.add(
            new String(
                changes.bytes(),
                changes.offset(entry, column),
                changes.length(entry, column),
                StandardCharsets.UTF_8));
      }
    }
    return row;
  }

  private void messages(MessageWriter... messages) {
    places.clear();
    byte[] all = new byte[0];
    for (MessageWriter message : messages) {
      byte[] bytes = message.toBytes();
      places.add(new int[] {all.length, bytes.length});
      byte[] longer = java.util.Arrays.copyOf(all, all.length + bytes.length);
      System.arraycopy(bytes, 0, longer, all.length, bytes.length);
      all = longer;
    }
    batch = all;
    changes.begin(batch);
    taken = 0;
  }

  private List<Boolean> addAll() {
    List<Boolean> fits = new ArrayList<>();
    for (int i = 0; i < places.size(); i++) {
      fits.add(addNext());
    }
    return fits;
  }

  private void addRepeatedly(int times) {
    for (int i = 0; i < times; i++) {
      changes.begin(batch);
      taken = 0;
      for (int message = 0; message < places.size(); message++) {
        addNext();
      }
    }
  }

  private boolean addNext() {
    int[] place = places.get(taken++);
    MessageKind kind = decoder.wrap(batch, place[0], place[1]);
    return switch (kind) {
      case INSERT -> changes.insert(decoder.insert().newTuple());
      case UPDATE ->
          changes.update(
              decoder.update().hasOldTuple() ? decoder.update().oldTuple() : null,
              decoder.update().newTuple());
      case DELETE -> changes.delete(decoder.delete().oldTuple());
      default -> throw new IllegalStateException("unexpected " + kind);
    };
  }

  private static List<@Nullable String> values(@Nullable String... values) {
    List<@Nullable String> list = new ArrayList<>();
    for (String value : values) {
      list.add(value);
    }
    return list;
  }

  private static MessageWriter insert(@Nullable String... values) {
    return row(MessageWriter.message('I').int32(1).int8('N'), values);
  }

  private static MessageWriter update(@Nullable String... values) {
    return row(MessageWriter.message('U').int32(1).int8('N'), values);
  }

  private static MessageWriter delete(String first, String third) {
    return row(MessageWriter.message('D').int32(1).int8('K'), first, null, third, null);
  }

  private static MessageWriter row(MessageWriter message, @Nullable String... values) {
    message.int16(WIDTH);
    for (String value : values) {
      if (value == null) {
        message.nullColumn();
      } else if (value.equals(UNCHANGED)) {
        message.unchangedColumn();
      } else {
        message.textColumn(value);
      }
    }
    return message;
  }
}
