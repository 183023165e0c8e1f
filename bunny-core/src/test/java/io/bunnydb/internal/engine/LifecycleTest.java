package io.bunnydb.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.ApplyException;
import io.bunnydb.CopyException;
import io.bunnydb.ErrorKind;
import io.bunnydb.EventQuery;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorFailure;
import io.bunnydb.MirrorState;
import io.bunnydb.PeerConnectionException;
import io.bunnydb.TableName;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The error that a mirror shows, from the first attempt that fails until one succeeds. */
final class LifecycleTest {
  private final MirrorException unreachable =
      new PeerConnectionException("m", "unreachable", new SQLException("why", "08001"));
  private final MirrorException diskFull =
      new ApplyException("m", null, null, "no room", new SQLException("why", "53100"));

  private final EventLog events = new EventLog();
  private final Lifecycle lifecycle = new Lifecycle("m", List.of(), events);

  private void fail(MirrorException error) {
    lifecycle.attemptBegins();
    lifecycle.show(error, lifecycle.count(error, Instant.now().plusSeconds(1)));
  }

  private MirrorFailure shown() {
    return Objects.requireNonNull(lifecycle.standing().failure());
  }

  @Test
  void attemptsThatFailAreCountedFromTheFirst() {
    fail(unreachable);
    Instant since = shown().since();
    fail(diskFull);
    fail(diskFull);
    assertThat(shown().attempts()).isEqualTo(3);
    assertThat(shown().since()).isEqualTo(since);
    assertThat(shown().kind()).isEqualTo(ErrorKind.RESOURCES);
    assertThat(shown().nextAttempt()).isNotNull();
    lifecycle.attemptBegins();
    assertThat(shown().nextAttempt()).isNull();
  }

  @Test
  void connectionThatIsThereAgainIsNoErrorAnyMore() {
    fail(unreachable);
    lifecycle.attemptBegins();
    lifecycle.connected(true);
    assertThat(lifecycle.standing().failure()).isNull();
    assertThat(lifecycle.error()).isNull();
    // Nothing was applied since, so it is the same trouble.
    fail(unreachable);
    assertThat(shown().attempts()).isEqualTo(2);
  }

  @Test
  void errorOfTheChangesStaysUntilTheyAreApplied() {
    fail(diskFull);
    lifecycle.attemptBegins();
    lifecycle.connected(true);
    assertThat(shown().kind()).isEqualTo(ErrorKind.RESOURCES);
    lifecycle.progressed();
    assertThat(lifecycle.standing().failure()).isNull();
    assertThat(events.page(EventQuery.newest(1)).events().get(0).message())
        .contains("goes on after 1 attempts");
    fail(diskFull);
    assertThat(shown().attempts()).isEqualTo(1);
  }

  @Test
  void errorOfACopyIsNotOverByWhatIsAppliedBesideIt() {
    TableName a = TableName.parse("public.a");
    MirrorException uncopied =
        new CopyException("m", a, null, "failed", new SQLException("why", "40001"));
    fail(uncopied);
    lifecycle.attemptBegins();
    lifecycle.connected(false);
    lifecycle.progressed();
    assertThat(lifecycle.hasProgressed()).isFalse();
    lifecycle.copied(TableName.parse("public.b"));
    fail(uncopied);
    assertThat(shown().attempts()).isEqualTo(2);
    lifecycle.attemptBegins();
    lifecycle.copied(a);
    assertThat(lifecycle.hasProgressed()).isTrue();
    fail(uncopied);
    assertThat(shown().attempts()).isEqualTo(1);
  }

  @Test
  void copyThatBeginsAgainShowsNoError() {
    fail(diskFull);
    lifecycle.attemptBegins();
    lifecycle.connected(false);
    assertThat(lifecycle.standing().failure()).isNull();
  }

  @Test
  void stateAndErrorThatStoppedItAreSeenTogether() {
    lifecycle.moveTo(MirrorState.SETTING_UP);
    lifecycle.moveTo(MirrorState.RUNNING);
    Instant before = lifecycle.standing().since();
    lifecycle.stopBy(diskFull, lifecycle.count(diskFull, null), MirrorState.PAUSED);
    assertThat(lifecycle.state()).isEqualTo(MirrorState.PAUSED);
    assertThat(lifecycle.standing().since()).isAfterOrEqualTo(before);
    assertThat(shown().message()).isEqualTo(diskFull.getMessage());
    assertThat(shown().nextAttempt()).isNull();
    lifecycle.error(null);
    assertThat(lifecycle.standing().failure()).isNull();
  }
}
