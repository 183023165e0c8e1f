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
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Copies a set of tables, several at a time, as of one snapshot: whoever reads the destination when
 * all are done sees the source as it was at one position.
 */
public final class SnapshotCopy {
  private final String mirror;
  private final PeerConnector source;
  private final PeerConnector destination;
  private final CheckpointStore store;
  private final StopSignal stop;
  private final int ownerPid;
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
   */
  public SnapshotCopy(
      String mirror,
      PeerConnector source,
      PeerConnector destination,
      CheckpointStore store,
      StopSignal stop,
      int ownerPid,
      Consumer<TableProgress> listener) {
    this.mirror = mirror;
    this.source = source;
    this.destination = destination;
    this.store = store;
    this.stop = stop;
    this.ownerPid = ownerPid;
    this.listener = listener;
  }

  /**
   * Takes a snapshot and copies the tables, largest first; returns when all are committed.
   *
   * @param parallel how many at a time
   * @throws MirrorException if one cannot be copied; those that are committed stay
   * @throws StopSignal.StoppedException if a stop was asked for
   * @throws SQLException if no snapshot can be taken
   */
  public void run(List<Job> jobs, int parallel) throws SQLException, InterruptedException {
    List<Job> ordered = new ArrayList<>(jobs);
    ordered.sort(
        (a, b) ->
            Long.compare(b.table().table().estimatedRows(), a.table().table().estimatedRows()));
    Queue<Job> queue = new ConcurrentLinkedQueue<>(ordered);
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    try (ExportedSnapshot snapshot = ExportedSnapshot.take(source, stop)) {
      List<Thread> workers = new ArrayList<>();
      for (int i = 1; i <= Math.min(parallel, jobs.size()); i++) {
        Thread worker =
            new Thread(() -> work(snapshot, queue, failure), "bunny-" + mirror + "-copy-" + i);
        worker.setDaemon(true);
        workers.add(worker);
        worker.start();
      }
      for (Thread worker : workers) {
        worker.join();
      }
    }
    Throwable first = failure.get();
    if (first instanceof SQLException sql) {
      throw sql;
    }
    if (first instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    if (first instanceof Error error) {
      throw error;
    }
  }

  private void work(
      ExportedSnapshot snapshot, Queue<Job> queue, AtomicReference<@Nullable Throwable> failure) {
    try (TableCopier copier =
        new TableCopier(
            mirror, snapshot, source, destination, store, stop, ownerPid, listener::accept)) {
      for (Job job = queue.poll(); job != null && failure.get() == null; job = queue.poll()) {
        copier.copy(job);
      }
    } catch (SQLException | RuntimeException | Error e) {
      failure.compareAndSet(null, e);
    }
  }
}
