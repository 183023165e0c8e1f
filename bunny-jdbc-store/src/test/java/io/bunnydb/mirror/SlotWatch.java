package io.bunnydb.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Lsn;
import io.bunnydb.testing.MirrorDatabases;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Compares a mirror's slot with what its destination has committed, over and over on a thread of
 * its own from its making until it is closed.
 *
 * <p>The slot's position is read first. Read last, it could rightly have passed what the
 * destination had a moment before. Read first, it can only be missed that it was too far for a
 * moment.
 */
final class SlotWatch implements AutoCloseable {
  private static final Duration JOIN = Duration.ofSeconds(30);

  private final MirrorDatabases databases;
  private final String slot;
  private final Thread thread = new Thread(this::run, "slot-watch");
  private volatile boolean isStopping;
  private final AtomicLong checks = new AtomicLong();
  private volatile @Nullable Throwable failure;

  private SlotWatch(MirrorDatabases databases, String mirror) {
    this.databases = databases;
    this.slot = "bunny_" + mirror;
  }

  /** Starts to watch a mirror that has a slot and a checkpoint. */
  static SlotWatch start(MirrorDatabases databases, String mirror) {
    SlotWatch watch = new SlotWatch(databases, mirror);
    watch.thread.start();
    return watch;
  }

  /** How far the source was told to recycle its log. */
  static Lsn confirmed(MirrorDatabases databases, String slot) {
    return Lsn.parse(
        String.valueOf(
            databases
                .source()
                .queryString(
                    "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = ?",
                    slot)));
  }

  /** From where on the destination still needs the source's log; only what is committed shows. */
  static Lsn committed(MirrorDatabases databases) {
    return Lsn.parse(
        String.valueOf(
            databases
                .destination()
                .queryString(
                    "SELECT least(position, (SELECT min(from_lsn) FROM bunny.table_checkpoint"
                        + " WHERE state = 'COPIED' OR (state = 'PAUSED' AND from_lsn > '0/0')))"
                        + " FROM bunny.checkpoint")));
  }

  /** Fails if the slot is past what the destination has committed. */
  static void check(MirrorDatabases databases, String slot) {
    Lsn confirmed = confirmed(databases, slot);
    assertThat(confirmed.isAfter(committed(databases))).as("%s is too far", confirmed).isFalse();
  }

  /** How often it has looked. */
  long checks() {
    return checks.get();
  }

  private void run() {
    try {
      do {
        check(databases, slot);
        checks.incrementAndGet();
      } while (!isStopping);
    } catch (Throwable e) {
      failure = e;
    }
  }

  /** Ends; throws what was found. */
  @Override
  public void close() throws InterruptedException {
    isStopping = true;
    thread.join(JOIN.toMillis());
    Throwable found = failure;
    if (found != null || thread.isAlive()) {
      throw new AssertionError("after " + checks + " checks of " + slot, found);
    }
  }
}
