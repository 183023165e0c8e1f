package io.bunnydb.examples;

import io.bunnydb.MirrorException;
import io.bunnydb.MirrorListener;
import io.bunnydb.MirrorState;
import io.bunnydb.TableName;
import io.bunnydb.TableStatus;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A listener that draws the first copy as one bar for all tables, and tells of errors.
 *
 * <p>Thread-safe: tables that are copied at the same time report from their own threads.
 */
final class CopyProgress implements MirrorListener {
  private final ConsoleView view;
  private final long rowsToCopy;
  private final Map<TableName, Long> rowsCopied = new ConcurrentHashMap<>();
  private final long startedAt = System.nanoTime();
  private volatile boolean complete;

  /**
   * A bar at zero.
   *
   * @param rowsToCopy how many rows make the bar full, in all tables together
   */
  CopyProgress(ConsoleView view, long rowsToCopy) {
    this.view = view;
    this.rowsToCopy = rowsToCopy;
  }

  @Override
  public void onStateChange(String mirror, MirrorState from, MirrorState to) {
    if (to == MirrorState.RUNNING) {
      complete = true;
      view.endLive();
    }
  }

  @Override
  public void onCopyProgress(String mirror, TableStatus table) {
    if (!complete) {
      rowsCopied.put(table.source(), table.rowsCopied());
      draw(rowsCopied.values().stream().mapToLong(Long::longValue).sum());
    }
  }

  @Override
  public void onError(String mirror, MirrorException error) {
    view.say("error: " + error.getMessage());
  }

  private void draw(long copied) {
    double seconds = (System.nanoTime() - startedAt) / 1e9;
    double fraction = Math.min(1, (double) copied / rowsToCopy);
    view.live(
        "%s %3d %%  %s of %s rows, %s rows/s"
            .formatted(
                ConsoleView.bar(fraction),
                (int) (fraction * 100),
                ConsoleView.count(copied),
                ConsoleView.count(Math.max(copied, rowsToCopy)),
                ConsoleView.count((long) (copied / seconds))));
  }
}
