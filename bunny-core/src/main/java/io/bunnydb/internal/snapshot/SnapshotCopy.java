package io.bunnydb.internal.snapshot;

import io.bunnydb.MirrorException;
import io.bunnydb.internal.apply.TableProgress;
import io.bunnydb.internal.catalog.PeerConnector;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.source.ExportedSnapshot;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Copies a set of tables by several workers as of one snapshot: whoever reads the destination when
 * all are done sees the source as it was at one position.
 */
public final class SnapshotCopy {
  private final TableCopier.Setting setting;
  private final Consumer<TableProgress> listener;

  /**
   * A table to copy.
   *
   * @param table what to copy
   * @param checkpoint what is known of it before the copy
   * @param progress where to count
   */
  public record Job(MirroredTable table, TableCheckpoint checkpoint, TableProgress progress) {}

  /**
   * A copy; nothing is begun.
   *
   * @param ownerPid process id of the destination session that owns the mirror
   * @param listener hears of the tables' progress, of one table by one thread at a time
   */
  public SnapshotCopy(
      String mirror,
      PeerConnector source,
      PeerConnector destination,
      CheckpointStore store,
      StopSignal stop,
      int ownerPid,
      CopySettings settings,
      Consumer<TableProgress> listener) {
    this.setting =
        new TableCopier.Setting(mirror, source, destination, store, stop, ownerPid, settings);
    this.listener = listener;
  }

  /**
   * Takes a snapshot and copies the tables, largest first; returns when all are committed.
   *
   * @throws MirrorException if one cannot be copied; those that are copied stay
   * @throws StopSignal.StoppedException if a stop was asked for
   * @throws SQLException if no snapshot can be taken
   */
  public void run(List<Job> jobs) throws SQLException, InterruptedException {
    List<TableCopy> tables = new ArrayList<>();
    jobs.stream()
        .sorted(Comparator.comparingLong((Job j) -> j.table().table().estimatedRows()).reversed())
        .forEach(job -> tables.add(new TableCopy(job, listener)));
    CopyQueue queue = new CopyQueue(tables, setting.settings().tablesInParallel());
    try (ExportedSnapshot snapshot = ExportedSnapshot.take(setting.source(), setting.stop())) {
      List<Thread> workers = new ArrayList<>();
      while (workers.size() < setting.settings().maxWorkers() && queue.needsWorker()) {
        Thread worker =
            new Thread(
                () -> work(snapshot, queue),
                "bunny-" + setting.mirror() + "-copy-" + (workers.size() + 1));
        worker.setDaemon(true);
        workers.add(worker);
        worker.start();
      }
      for (Thread worker : workers) {
        worker.join();
      }
    }
    rethrow(queue.failure());
  }

  private void work(ExportedSnapshot snapshot, CopyQueue queue) {
    try (TableCopier copier = new TableCopier(setting, snapshot)) {
      queue.workerCame();
      for (CopyQueue.Piece piece = queue.take(); piece != null; piece = queue.take()) {
        copier.run(piece);
        queue.done(piece);
      }
    } catch (SQLException | InterruptedException | RuntimeException | Error e) {
      queue.fail(e);
    }
  }

  private static void rethrow(@Nullable Throwable failure)
      throws SQLException, InterruptedException {
    if (failure instanceof SQLException sql) {
      throw sql;
    }
    if (failure instanceof InterruptedException interrupted) {
      throw interrupted;
    }
    if (failure instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    if (failure instanceof Error error) {
      throw error;
    }
  }
}
