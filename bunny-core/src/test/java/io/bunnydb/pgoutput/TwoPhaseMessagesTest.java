package io.bunnydb.pgoutput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The messages of prepared transactions. */
final class TwoPhaseMessagesTest {

  private static final long UNIX_2000 = 946_684_800_000_000L;

  private final PgOutputDecoder decoder = new PgOutputDecoder(3);

  @Test
  void readsBeginPrepare() {
    MessageWriter.message('b').int64(1).int64(2).int64(3).int32(-1).string("g 1").wrapWith(decoder);

    BeginPrepare begin = decoder.beginPrepare();
    assertThat(begin.prepareLsn()).isEqualTo(1);
    assertThat(begin.endLsn()).isEqualTo(2);
    assertThat(begin.prepareTimeMicros()).isEqualTo(3);
    assertThat(begin.prepareTimeUnixMicros()).isEqualTo(UNIX_2000 + 3);
    assertThat(begin.xid()).isEqualTo(4_294_967_295L);
    assertThat(begin.gid()).isEqualTo("g 1");
  }

  @ParameterizedTest
  @ValueSource(chars = {'P', 'p'})
  void readsPrepareAndStreamPrepare(char code) {
    MessageWriter.message(code)
        .int8(0)
        .int64(1)
        .int64(2)
        .int64(3)
        .int32(4)
        .string("g")
        .wrapWith(decoder);

    Prepare prepare = code == 'P' ? decoder.prepare() : decoder.streamPrepare();
    assertThat(prepare.prepareLsn()).isEqualTo(1);
    assertThat(prepare.endLsn()).isEqualTo(2);
    assertThat(prepare.prepareTimeMicros()).isEqualTo(3);
    assertThat(prepare.prepareTimeUnixMicros()).isEqualTo(UNIX_2000 + 3);
    assertThat(prepare.xid()).isEqualTo(4);
    assertThat(prepare.gid()).isEqualTo("g");
    assertThatThrownBy(code == 'P' ? decoder::streamPrepare : decoder::prepare)
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void readsCommitPrepared() {
    MessageWriter.message('K')
        .int8(0)
        .int64(1)
        .int64(2)
        .int64(3)
        .int32(4)
        .string("g")
        .wrapWith(decoder);

    CommitPrepared commit = decoder.commitPrepared();
    assertThat(commit.commitLsn()).isEqualTo(1);
    assertThat(commit.endLsn()).isEqualTo(2);
    assertThat(commit.commitTimeMicros()).isEqualTo(3);
    assertThat(commit.commitTimeUnixMicros()).isEqualTo(UNIX_2000 + 3);
    assertThat(commit.xid()).isEqualTo(4);
    assertThat(commit.gid()).isEqualTo("g");
  }

  @Test
  void readsRollbackPrepared() {
    MessageWriter.message('r')
        .int8(0)
        .int64(1)
        .int64(2)
        .int64(3)
        .int64(4)
        .int32(5)
        .string("g")
        .wrapWith(decoder);

    RollbackPrepared rollback = decoder.rollbackPrepared();
    assertThat(rollback.prepareEndLsn()).isEqualTo(1);
    assertThat(rollback.rollbackEndLsn()).isEqualTo(2);
    assertThat(rollback.prepareTimeMicros()).isEqualTo(3);
    assertThat(rollback.prepareTimeUnixMicros()).isEqualTo(UNIX_2000 + 3);
    assertThat(rollback.rollbackTimeMicros()).isEqualTo(4);
    assertThat(rollback.rollbackTimeUnixMicros()).isEqualTo(UNIX_2000 + 4);
    assertThat(rollback.xid()).isEqualTo(5);
    assertThat(rollback.gid()).isEqualTo("g");
  }

  @ParameterizedTest
  @ValueSource(chars = {'P', 'p', 'K', 'r'})
  void refusesFlags(char code) {
    assertThatThrownBy(() -> MessageWriter.message(code).int8(1).wrapWith(decoder))
        .isInstanceOf(PgOutputException.class)
        .hasMessageEndingWith(": expected flags within 0x0, found 0x1 at offset 1");
  }
}
