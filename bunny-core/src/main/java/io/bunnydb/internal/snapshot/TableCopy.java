package io.bunnydb.internal.snapshot;

import io.bunnydb.Lsn;
import io.bunnydb.TableName;
import io.bunnydb.internal.schema.IndexBuilder.Built;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The copy of one table: stages, each of steps that may run at the same time. The first step finds
 * out which stages there are. Thread-safe.
 */
final class TableCopy {
  private static final long PROGRESS_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final SnapshotCopy.Job job;
  private final SnapshotCopy.Listener listener;
  private final Deque<List<Step>> stages = new ArrayDeque<>();
  private final List<Built> built = new ArrayList<>();
  private @Nullable CopyNote note;
  private @Nullable KeptRows kept;
  private boolean keysFollow;
  private int unfinished;
  private long lastReport;

  /** A part of the work, which one worker does in one destination transaction. */
  @FunctionalInterface
  interface Step {
    /** Does it, and commits. */
    void run(TableCopier copier) throws SQLException;
  }

  /** A copy that is not begun. */
  TableCopy(SnapshotCopy.Job job, SnapshotCopy.Listener listener) {
    this.job = job;
    this.listener = listener;
    then(List.of(copier -> copier.begin(this)));
  }

  /** What to copy. */
  MirroredTable table() {
    return job.table();
  }

  /** Whether the copy fills the table's shadow. */
  boolean isOfShadow() {
    return job.isOfShadow();
  }

  /** The table that gets the rows in the end. */
  TableName destination() {
    return job.checkpoint().mapping().destination();
  }

  /** What was known of the table before the copy. */
  TableCheckpoint checkpoint() {
    return job.checkpoint();
  }

  /** What is known of the table when the copy is done. */
  TableCheckpoint copied(Lsn snapshot) {
    return job.copied(snapshot);
  }

  /** Has what the copy brings be noted, so that it need not be brought again. */
  synchronized void notedIn(CopyNote newNote) {
    note = newNote;
  }

  /** Where what the copy brings is noted; null where it is not. */
  synchronized @Nullable CopyNote note() {
    return note;
  }

  /** Notes whether keys and indexes follow the rows, as the table is new. */
  synchronized void keysFollow(boolean isNew) {
    keysFollow = isNew;
  }

  /** Whether keys and indexes follow the rows. */
  synchronized boolean keysFollow() {
    return keysFollow;
  }

  /** Notes an index that is built. */
  synchronized void add(Built index) {
    built.add(index);
  }

  /** The indexes that are built. */
  synchronized List<Built> built() {
    return List.copyOf(built);
  }

  /** Adds a stage, which begins when those before it are done. */
  synchronized void then(List<Step> steps) {
    stages.add(steps);
  }

  /** The steps of the next stage; empty where there is none. */
  synchronized List<Step> nextStage() {
    List<Step> steps = List.of();
    while (steps.isEmpty() && !stages.isEmpty()) {
      steps = stages.remove();
    }
    unfinished = steps.size();
    return steps;
  }

  /** Counts a step as done; gives whether it was the last of its stage. */
  synchronized boolean stepIsLast() {
    return --unfinished == 0;
  }

  /**
   * Tells that rows are about to come.
   *
   * @param bytesOnDisk the room that they take on the source
   */
  synchronized void begins(long bytesOnDisk) {
    job.progress().copyBegins(table().table().estimatedRows(), bytesOnDisk);
    lastReport = System.nanoTime();
    listener.begins(job.progress());
  }

  /** Tells that rows that came before cannot stay. */
  synchronized void startsOver(String reason) {
    listener.startsOver(table().table().name(), reason);
  }

  /** Tells that rows are there that came before. */
  synchronized void keeps(KeptRows old) {
    kept = old;
    job.progress().kept(old.rows(), old.bytes());
    listener.keeps(job.progress());
  }

  /** Counts rows that have come; tells of it now and then. */
  synchronized void add(long rows, long bytes) {
    job.progress().copied(rows, bytes);
    if (System.nanoTime() - lastReport > PROGRESS_NANOS) {
      lastReport = System.nanoTime();
      listener.goesOn(job.progress());
    }
  }

  /** Tells that an index of the source is not to be made. */
  synchronized void leavesOut(String index, String reason) {
    listener.leavesOut(table().table().name(), index, reason);
  }

  /** Tells that an index could not be built. */
  synchronized void doesWithout(String index, String reason) {
    listener.doesWithout(table().mapping().destination(), index, reason);
  }

  /** Tells that the table is copied. */
  synchronized void ends(TableCheckpoint copied) {
    job.progress().moveTo(copied.state());
    listener.ends(job.progress(), kept == null ? 0 : kept.rows(), kept == null ? 0 : kept.bytes());
  }
}
