package io.bunnydb.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.MirrorState;
import io.bunnydb.internal.catalog.StopSignal;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What outlives a mirror is asked to stop until it has. */
@Timeout(30)
final class RepairGateTest {
  private final Lifecycle lifecycle = new Lifecycle("m", List.of(), new EventLog());
  private final RepairGate gate = new RepairGate(lifecycle);

  @Test
  void nothingBeginsOnceTheMirrorEnds() {
    lifecycle.moveIfPossible(MirrorState.TERMINATING);
    assertThatThrownBy(() -> gate.begins(new StopSignal()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("TERMINATING");
    gate.end();
  }

  @Test
  void endWaitsForWhatRuns() throws InterruptedException {
    StopSignal running = new StopSignal();
    CountDownLatch stopped = new CountDownLatch(3);
    running.onStop(stopped::countDown);
    gate.begins(running);
    Thread ending = new Thread(gate::end, "ending");
    ending.start();
    stopped.await();
    assertThat(ending.isAlive()).isTrue();
    gate.ends(running);
    ending.join();
  }
}
