package io.bunnydb.internal.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.internal.apply.NetChanges.Kind;
import io.bunnydb.pgoutput.MessageWriter;
import io.bunnydb.pgoutput.PgOutputDecoder;
import io.bunnydb.pgoutput.ValueKind;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The order in which a set's rows are found. */
final class KeyOrderTest {
  private static final boolean[] ONLY = {true};

  private final NetChanges changes = new NetChanges(ONLY, ONLY, ValueKind.TEXT);

  @Test
  void putsNumbersInTheirOrder() {
    insert("5", "-1", "0", "-30", "12");

    assertThat(sorted(new KeyOrder(0, KeyOrder.Form.DECIMAL)))
        .containsExactly("-30", "-1", "0", "5", "12");
  }

  @Test
  void putsNumbersOfFullRangeInTheirOrderRoughly() {
    String least = Long.toString(Long.MIN_VALUE);
    String most = Long.toString(Long.MAX_VALUE);
    insert("1099511627776", most, "0", least, "-1099511627776");

    assertThat(sorted(new KeyOrder(0, KeyOrder.Form.DECIMAL)))
        .containsExactly(least, "-1099511627776", "0", "1099511627776", most);
  }

  @Test
  void putsManyNumbersOfSmallRangeInTheirOrder() {
    String[] keys =
        IntStream.range(0, 10_000).mapToObj(i -> "" + i * 7919 % 10_007).toArray(String[]::new);
    insert(keys);

    List<String> sorted = sorted(new KeyOrder(0, KeyOrder.Form.DECIMAL));
    assertThat(sorted)
        .hasSize(keys.length)
        .isSortedAccordingTo((a, b) -> Long.compare(Long.parseLong(a), Long.parseLong(b)));
  }

  @Test
  void putsOtherValuesInTheOrderOfTheirFirstBytes() {
    insert("b", "", "abc", "ä", "ab");

    assertThat(sorted(new KeyOrder(0, KeyOrder.Form.BYTES)))
        .containsExactly("", "ab", "abc", "b", "ä");
  }

  @Test
  void movesChosenEntriesToTheFrontAndTakesThemOut() {
    insert("4", "3", "2", "1", "0");
    KeyOrder order = new KeyOrder(0, KeyOrder.Form.DECIMAL);
    order.sort(changes, Kind.INSERT, Kind.INSERT);

    int chosen = order.partition(entry -> entry % 2 == 0); // 4, 2, 0 are the even entries
    assertThat(values(order)).containsExactly("0", "2", "4", "1", "3");
    assertThat(chosen).isEqualTo(3);
    order.removeFirst(chosen);
    assertThat(values(order)).containsExactly("1", "3");
  }

  @Test
  void leavesEntriesOfOtherKindsOut() {
    insert("2", "1");
    KeyOrder order = new KeyOrder(0, KeyOrder.Form.DECIMAL);

    order.sort(changes, Kind.DELETE, Kind.REPLACE);

    assertThat(order.count()).isZero();
  }

  private void insert(String... keys) {
    PgOutputDecoder decoder = new PgOutputDecoder(1);
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    List<Integer> ends = new ArrayList<>(List.of(0));
    for (String key : keys) {
      all.writeBytes(
          MessageWriter.message('I').int32(1).int8('N').int16(1).textColumn(key).toBytes());
      ends.add(all.size());
    }
    byte[] bytes = all.toByteArray();
    changes.begin(bytes);
    for (int i = 0; i < keys.length; i++) {
      decoder.wrap(bytes, ends.get(i), ends.get(i + 1) - ends.get(i));
      assertThat(changes.insert(decoder.insert().newTuple())).isTrue();
    }
  }

  private List<String> sorted(KeyOrder order) {
    order.sort(changes, Kind.INSERT, Kind.INSERT);
    return values(order);
  }

  private List<String> values(KeyOrder order) {
    List<String> values = new ArrayList<>();
    for (int place = 0; place < order.count(); place++) {
      int entry = order.entry(place);
      values.add(
          new String(
              changes.bytes(),
              changes.offset(entry, 0),
              changes.length(entry, 0),
              StandardCharsets.UTF_8));
    }
    return values;
  }
}
