package io.bunnydb.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.ApplyException;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorOwnedException;
import io.bunnydb.SlotLostException;
import io.bunnydb.TableName;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FaultsTest {

  private static MirrorException apply(String state) {
    return new ApplyException(
        "m", TableName.parse("s.t"), null, "what", new SQLException("why", state));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "08006", "08001", "40001", "40P01", "53100", "53300", "57P01", "57P03", "57014", "58030",
        "55006", "55P03", "25006"
      })
  void whatPassesWithTimeIsTriedAgain(String state) {
    assertThat(Faults.isTransient(apply(state))).isTrue();
    assertThat(Faults.isTransient(Faults.describe("m", new SQLException("why", state)))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"23505", "23503", "42501", "42P01", "42703", "22001", "57P04", "08P01", "0A000"})
  void whatDataSchemaOrRightsForbidStops(String state) {
    assertThat(Faults.isTransient(apply(state))).isFalse();
  }

  @Test
  void lostSlotStopsWhateverItsCause() {
    SQLException broken = new SQLException("why", "08006");
    assertThat(Faults.isTransient(new SlotLostException("m", "gone", broken))).isFalse();
  }

  @Test
  void otherOwnerIsWaitedFor() {
    assertThat(Faults.isTransient(new MirrorOwnedException("m", "it runs", null))).isTrue();
  }

  @Test
  void unexpectedErrorStopsAndKeepsItsCause() {
    IllegalStateException bug = new IllegalStateException("bug");
    MirrorException described = Faults.describe("m", bug);
    assertThat(described).hasCause(bug).hasMessageContaining("please report it");
    assertThat(Faults.isTransient(described)).isFalse();
  }
}
