package io.bunnydb.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.ApplyException;
import io.bunnydb.ErrorKind;
import io.bunnydb.Lsn;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorFailure;
import io.bunnydb.TableName;
import java.sql.SQLException;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class FaultsTest {
  private static final Instant SINCE = Instant.parse("2026-01-02T03:04:05Z");

  private static MirrorException refused() {
    return new ApplyException(
        "m",
        TableName.parse("s.\"T, x] y\""),
        new Lsn(0x1A2B),
        "no\nroom",
        new SQLException("why", "53100"));
  }

  @Test
  void unexpectedErrorStopsAndKeepsItsCause() {
    IllegalStateException bug = new IllegalStateException("bug");
    MirrorException described = Faults.describe("m", bug);
    assertThat(described).hasCause(bug).hasMessageContaining("please report it");
    assertThat(Faults.isTransient(described)).isFalse();
  }

  @Test
  void errorOfAServerTellsItsCure() {
    assertThat(Faults.describe("m", new SQLException("no space", "53100")))
        .hasMessage(
            "mirror 'm': no space; make room on that server's disk, it is tried again by itself"
                + " [SQLSTATE 53100]");
  }

  @Test
  void failureHoldsWhatTheErrorTells() {
    Instant next = SINCE.plusSeconds(30);
    MirrorFailure failure = Faults.failure(refused(), SINCE, 3, next);
    assertThat(failure)
        .isEqualTo(
            new MirrorFailure(
                ErrorKind.RESOURCES,
                String.valueOf(refused().getMessage()),
                TableName.parse("s.\"T, x] y\""),
                new Lsn(0x1A2B),
                "53100",
                SINCE,
                3,
                next));
    assertThat(Faults.details(failure))
        .containsEntry("kind", "RESOURCES")
        .containsEntry("lsn", "0/1A2B")
        .containsEntry("nextAttempt", "2026-01-02T03:04:35Z");
    assertThat(failure.beingTried().nextAttempt()).isNull();
  }

  @Test
  void failureIsKeptAndReadAgain() {
    MirrorFailure failure = Faults.failure(refused(), SINCE, 3, null);
    KeptFailure kept = KeptFailure.read("m", KeptFailure.toText(failure), Instant.now());
    assertThat(kept.failure())
        .isEqualTo(
            new MirrorFailure(
                failure.kind(),
                "mirror 'm': paused by an error before this start: " + failure.message(),
                failure.table(),
                failure.lsn(),
                failure.sqlState(),
                SINCE,
                1,
                null));
    assertThat(kept.error()).hasMessage(kept.failure().message());
  }

  @Test
  void failureThatTellsLittleIsKeptToo() {
    MirrorFailure failure =
        Faults.failure(new MirrorException("m", "as it is", null), SINCE, 1, null);
    MirrorFailure read =
        KeptFailure.read("m", KeptFailure.toText(failure), Instant.now()).failure();
    assertThat(read.kind()).isEqualTo(ErrorKind.REFUSED);
    assertThat(read.since()).isEqualTo(SINCE);
    assertThat(read.table()).isNull();
    assertThat(read.lsn()).isNull();
    assertThat(read.sqlState()).isNull();
  }

  @Test
  void textsOfOtherVersionsAreRead() {
    for (String text : new String[] {"words", "[NEW_KIND since " + SINCE + "] words"}) {
      MirrorFailure read = KeptFailure.read("m", text, SINCE).failure();
      assertThat(read.kind()).isEqualTo(ErrorKind.REFUSED);
      assertThat(read.message())
          .isEqualTo("mirror 'm': paused by an error before this start: words");
      assertThat(read.since()).isEqualTo(SINCE);
    }
  }
}
