package io.bunnydb.examples;

import static io.bunnydb.examples.ConsoleView.count;
import static io.bunnydb.examples.ConsoleView.seconds;
import static io.bunnydb.examples.ConsoleView.size;

import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorStatus;
import io.bunnydb.TableState;
import io.bunnydb.TableStatus;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Shows a mirror's status, twice a second, while something else goes on. Not thread-safe. */
final class LiveLine {
  private static final long INTERVAL = 500; // milliseconds

  private final MirrorHandle handle;
  private final ConsoleView view;
  private long lastRows;
  private long lastTime; // nanoseconds

  /** What goes on meanwhile. */
  @FunctionalInterface
  interface Action {
    /** Returns when it is over. */
    void run() throws InterruptedException;
  }

  /** A line about a mirror, not shown yet. */
  LiveLine(MirrorHandle handle, ConsoleView view) {
    this.handle = handle;
    this.view = view;
  }

  /** Runs an action and shows the line until it is over. */
  void during(Action action) throws InterruptedException {
    lastRows = rowsChanged(handle.status());
    lastTime = System.nanoTime();
    ScheduledExecutorService clock =
        Executors.newSingleThreadScheduledExecutor(
            task -> new Thread(task, "quickstart-live-line"));
    Future<?> ticking =
        clock.scheduleAtFixedRate(this::show, INTERVAL, INTERVAL, TimeUnit.MILLISECONDS);
    try {
      action.run();
    } finally {
      ticking.cancel(false);
      clock.shutdown();
      clock.awaitTermination(10, TimeUnit.SECONDS);
      view.endLive();
    }
  }

  private void show() {
    MirrorStatus status = handle.status();
    long rows = rowsChanged(status);
    long time = System.nanoTime();
    double rowsPerSecond = (rows - lastRows) / ((time - lastTime) / 1e9);
    lastRows = rows;
    lastTime = time;
    view.live(
        "%-8s lag %8s, %6s  WAL kept %8s  %6s rows/s%s"
            .formatted(
                status.state(),
                size(status.lagBytes()),
                seconds(status.lagSeconds()),
                size(status.retainedWalBytes()),
                count((long) rowsPerSecond),
                copying(status)));
  }

  private static long rowsChanged(MirrorStatus status) {
    return status.tables().stream()
        .mapToLong(table -> table.rowsInserted() + table.rowsUpdated() + table.rowsDeleted())
        .sum();
  }

  /** The tables that do not follow the stream yet. */
  private static String copying(MirrorStatus status) {
    StringBuilder text = new StringBuilder();
    for (TableStatus table : status.tables()) {
      if (table.state() != TableState.LIVE) {
        text.append(" + ").append(table.source().name());
      }
    }
    return text.toString();
  }
}
