package io.bunnydb.internal.apply;

import io.bunnydb.Lsn;
import io.bunnydb.MirrorFailure;
import io.bunnydb.TableMapping;
import io.bunnydb.TableState;
import io.bunnydb.TableStatus;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** The counts of one table, kept over the life of a handle. Thread-safe. */
public final class TableProgress {
  private final TableMapping mapping;
  private final AtomicLong rowsCopied = new AtomicLong();
  private final AtomicLong bytesCopied = new AtomicLong();
  private final AtomicLong inserted = new AtomicLong();
  private final AtomicLong updated = new AtomicLong();
  private final AtomicLong deleted = new AtomicLong();
  private final AtomicLong missing = new AtomicLong();
  private volatile long rowsToCopy;
  private volatile long rowsKept;
  private volatile long bytesKept;
  private volatile long bytesOnDisk;
  private volatile long copyBeganNanos;
  private volatile boolean isBeingCopied;
  private volatile Standing standing;
  private volatile int departures;

  /**
   * Where a table stands.
   *
   * @param failure why it is quarantined; null otherwise
   * @param at up to where it has every change; null where it goes on, or waits for its copy
   */
  private record Standing(TableState state, @Nullable MirrorFailure failure, @Nullable Lsn at) {}

  /** A table's counts, all at zero. */
  public TableProgress(TableMapping mapping, TableState state) {
    this.mapping = mapping;
    this.standing = new Standing(state, null, null);
  }

  /** The table's mapping. */
  public TableMapping mapping() {
    return mapping;
  }

  /** Notes how far the table has come. */
  public void moveTo(TableState newState) {
    moveTo(newState, null, null);
  }

  /**
   * Notes how far the table has come.
   *
   * @param failure why it is quarantined; null otherwise
   * @param at up to where it has every change; null where it goes on, or waits for its copy
   */
  public synchronized void moveTo(
      TableState newState, @Nullable MirrorFailure failure, @Nullable Lsn at) {
    if (standing.state == TableState.LIVE && newState != TableState.LIVE) {
      departures++;
    }
    standing = new Standing(newState, failure, at);
    if (newState != TableState.COPYING) {
      isBeingCopied = false;
    }
  }

  /** How often the table has ceased to follow the stream. */
  public int departures() {
    return departures;
  }

  /**
   * Notes that a copy begins.
   *
   * @param bytes the room that the table takes on the source's disk
   */
  public void copyBegins(long estimatedRows, long bytes) {
    rowsToCopy = estimatedRows;
    bytesOnDisk = bytes;
    rowsCopied.set(0);
    bytesCopied.set(0);
    rowsKept = 0;
    bytesKept = 0;
    copyBeganNanos = System.nanoTime();
    isBeingCopied = true;
  }

  /** Adds rows that the copy need not bring, as an earlier one has. */
  public void kept(long rows, long bytes) {
    rowsKept = rows;
    bytesKept = bytes;
    copied(rows, bytes);
  }

  /** Adds rows that the copy has brought. */
  public void copied(long rows, long bytes) {
    rowsCopied.addAndGet(rows);
    bytesCopied.addAndGet(bytes);
  }

  /** Notes that no copy is under way, be it that one was broken off. */
  public void copyStops() {
    isBeingCopied = false;
  }

  /** How long this table's copy has taken so far. */
  public Duration copyTime() {
    return Duration.ofNanos(System.nanoTime() - copyBeganNanos);
  }

  /** Adds committed changes. */
  void committed(long inserts, long updates, long deletes, long missingRows) {
    inserted.addAndGet(inserts);
    updated.addAndGet(updates);
    deleted.addAndGet(deletes);
    missing.addAndGet(missingRows);
  }

  /** How many updates and deletes met no row on the destination. */
  public long rowsMissing() {
    return missing.get();
  }

  /** The counts as a user sees them. */
  public TableStatus status() {
    long rows = rowsCopied.get();
    long bytes = bytesCopied.get();
    Standing now = standing;
    boolean isToCome = now.state == TableState.COPYING || isBeingCopied;
    return new TableStatus(
        mapping.source(),
        mapping.destination(),
        now.state,
        rowsToCopy,
        rows,
        isToCome ? CopyEstimate.bytes(rowsToCopy, bytesOnDisk, rows, bytes) : bytes,
        bytes,
        isBeingCopied ? remaining(rows, bytes) : null,
        inserted.get(),
        updated.get(),
        deleted.get(),
        missing.get(),
        now.failure,
        now.at);
  }

  /** What was there before says nothing of the pace. */
  private @Nullable Duration remaining(long rows, long bytes) {
    return CopyEstimate.remaining(
        rowsToCopy == 0 ? 0 : Math.max(1, rowsToCopy - rowsKept),
        Math.max(0, bytesOnDisk - bytesKept),
        rows - rowsKept,
        bytes - bytesKept,
        copyTime());
  }
}
