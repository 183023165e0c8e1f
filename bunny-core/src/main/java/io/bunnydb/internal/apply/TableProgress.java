package io.bunnydb.internal.apply;

import io.bunnydb.TableMapping;
import io.bunnydb.TableState;
import io.bunnydb.TableStatus;
import java.util.concurrent.atomic.AtomicLong;

/** The counts of one table, kept over the life of a handle. Thread-safe. */
public final class TableProgress {
  private final TableMapping mapping;
  private final AtomicLong rowsCopied = new AtomicLong();
  private final AtomicLong inserted = new AtomicLong();
  private final AtomicLong updated = new AtomicLong();
  private final AtomicLong deleted = new AtomicLong();
  private final AtomicLong missing = new AtomicLong();
  private volatile long rowsToCopy;
  private volatile TableState state;

  /** A table's counts, all at zero. */
  public TableProgress(TableMapping mapping, TableState state) {
    this.mapping = mapping;
    this.state = state;
  }

  /** The table's mapping. */
  public TableMapping mapping() {
    return mapping;
  }

  /** Notes how far the table has come. */
  public void moveTo(TableState newState) {
    state = newState;
  }

  /** Notes that a copy begins. */
  public void copyBegins(long estimatedRows) {
    rowsToCopy = estimatedRows;
    rowsCopied.set(0);
  }

  /** Adds rows that the copy has brought. */
  public void copied(long rows) {
    rowsCopied.addAndGet(rows);
  }

  /** Adds committed changes. */
  void committed(long inserts, long updates, long deletes, long missingRows) {
    inserted.addAndGet(inserts);
    updated.addAndGet(updates);
    deleted.addAndGet(deletes);
    missing.addAndGet(missingRows);
  }

  /** The counts as a user sees them. */
  public TableStatus status() {
    return new TableStatus(
        mapping.source(),
        mapping.destination(),
        state,
        rowsToCopy,
        rowsCopied.get(),
        inserted.get(),
        updated.get(),
        deleted.get(),
        missing.get());
  }
}
