package io.bunnydb.internal.snapshot;

import io.bunnydb.CopyException;
import io.bunnydb.Lsn;
import io.bunnydb.MirrorException;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.internal.apply.TableProgress;
import io.bunnydb.internal.catalog.PeerConnector;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.source.ExportedSnapshot;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.spi.SourceIdentity;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Copies a set of tables by several workers as of one snapshot: whoever reads the destination when
 * all are done sees the source as it was at one position.
 */
public final class SnapshotCopy {
  private final TableCopier.Setting setting;
  private final Listener listener;

  /** Hears of the copies of tables, of one table by one thread at a time. */
  public interface Listener {

    /** A table's rows are about to come. */
    void begins(TableProgress table);

    /** Rows that an earlier copy has brought cannot stay, for the reason given. */
    void startsOver(TableName table, String reason);

    /**
     * Rows are there that an earlier copy has brought, which are counted among those of this one.
     */
    void keeps(TableProgress table);

    /** Rows have come; now and then. */
    void goesOn(TableProgress table);

    /**
     * A table is copied.
     *
     * @param rowsKept how many of its rows an earlier copy has brought
     * @param bytesKept how many bytes these were
     */
    void ends(TableProgress table, long rowsKept, long bytesKept);

    /** The destination is not to have an index of a source table, for the reason given. */
    void leavesOut(TableName table, String index, String reason);

    /** An index could not be built, and the destination table does without it. */
    void doesWithout(TableName table, String index, String reason);

    /** The copy goes on with fewer workers, for the reason given. */
    void lacksWorker(String reason);
  }

  /**
   * A table to copy.
   *
   * @param table what to copy, and where to
   * @param checkpoint what is known of it before the copy; with a shadow, that is to be filled
   * @param progress where to count
   */
  public record Job(MirroredTable table, TableCheckpoint checkpoint, TableProgress progress) {

    /** Whether the copy fills the table's shadow. */
    boolean isOfShadow() {
      return checkpoint.shadow() != null;
    }

    /** What is known of the table when the copy is done. */
    TableCheckpoint copied(Lsn snapshot) {
      return isOfShadow()
          ? checkpoint.withShadow(new TableCheckpoint.Shadow(TableState.COPIED, snapshot))
          : checkpoint.withState(TableState.COPIED, snapshot);
    }
  }

  /**
   * A copy; nothing is begun.
   *
   * @param origin the source
   * @param ownerPid process id of the destination session that owns the mirror
   * @param listener hears of the tables' progress
   */
  public SnapshotCopy(
      String mirror,
      SourceIdentity origin,
      PeerConnector source,
      PeerConnector destination,
      CheckpointStore store,
      StopSignal stop,
      int ownerPid,
      CopySettings settings,
      Listener listener) {
    this.setting =
        new TableCopier.Setting(
            mirror, origin, source, destination, store, stop, ownerPid, settings);
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
      try {
        while (workers.size() < setting.settings().maxWorkers() && queue.needsWorker()) {
          Thread worker =
              new Thread(
                  () -> work(snapshot, queue),
                  "bunny-" + setting.mirror() + "-copy-" + (workers.size() + 1));
          worker.setDaemon(true);
          worker.start();
          workers.add(worker);
        }
        for (Thread worker : workers) {
          worker.join();
        }
      } catch (InterruptedException | RuntimeException | Error e) {
        queue.fail(e);
        throw e;
      } finally {
        joinAll(workers);
      }
    }
    rethrow(queue.failure());
  }

  /** None may go on to write beside the next copy. */
  private static void joinAll(List<Thread> workers) {
    boolean isInterrupted = false;
    for (Thread worker : workers) {
      while (worker.isAlive()) {
        try {
          worker.join();
        } catch (InterruptedException e) {
          isInterrupted = true;
        }
      }
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void work(ExportedSnapshot snapshot, CopyQueue queue) {
    try (TableCopier copier = open(snapshot, queue)) {
      CopyQueue.Piece piece = copier == null ? null : queue.take();
      while (copier != null && piece != null) {
        try {
          copier.run(piece);
        } catch (CopyException e) {
          queue.fail(piece, e);
          return;
        }
        queue.done(piece);
        piece = queue.take();
      }
    } catch (SQLException | InterruptedException | RuntimeException | Error e) {
      queue.fail(e);
    }
  }

  /** A worker; null where there cannot be another, and those that there are go on. */
  private @Nullable TableCopier open(ExportedSnapshot snapshot, CopyQueue queue)
      throws SQLException {
    try {
      TableCopier copier = new TableCopier(setting, snapshot);
      queue.workerCame();
      return copier;
    } catch (SQLException | RuntimeException e) {
      setting.stop().check();
      if (!queue.goesOnWithout()) {
        throw e;
      }
      listener.lacksWorker(String.valueOf(e.getMessage()));
      return null;
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
