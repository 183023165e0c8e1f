package io.bunnydb.benchmarks.endtoend;

import io.bunnydb.Mirror;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorListener;
import io.bunnydb.MirrorState;
import io.bunnydb.TableMapping;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A mirror of Bunny with its default settings. Not thread-safe. */
final class BunnyMirror implements CopyingContender {
  private static final String NAME = "endtoend_" + ProcessHandle.current().pid();
  private static final Duration READY = Duration.ofMinutes(1);

  private final Databases databases;
  private final MirrorHandle handle;
  private final MarkerWatch watch;
  private final AtomicReference<@Nullable MirrorException> error;

  private BunnyMirror(Databases databases, List<String> tables, boolean copy) throws SQLException {
    this.databases = databases;
    this.error = new AtomicReference<>();
    this.watch = new MarkerWatch(databases.destination());
    this.handle =
        Mirror.builder(NAME)
            .source(databases.sourceOfContenders().peer("source"))
            .destination(databases.destination().peer("destination"))
            .tables(
                tables.stream()
                    .map(table -> TableMapping.from("public." + table))
                    .toArray(TableMapping[]::new))
            .checkpointStore(JdbcCheckpointStore.inDestination())
            .initialSnapshot(copy)
            .listener(
                new MirrorListener() {
                  @Override
                  public void onError(String mirror, MirrorException problem) {
                    error.set(problem);
                  }
                })
            .build()
            .start();
  }

  /** A mirror that is paused; its slot holds what is written from now on. */
  static BunnyMirror heldBack(Databases databases, List<String> tables) throws SQLException {
    BunnyMirror mirror = new BunnyMirror(databases, tables, false);
    try {
      mirror.handle.awaitState(MirrorState.RUNNING, READY);
      mirror.handle.awaitCaughtUp(READY);
      mirror.handle.pause();
      return mirror;
    } catch (MirrorException e) {
      mirror.close(); // else its threads would go on trying
      throw e;
    }
  }

  /** A mirror that copies the tables first; it begins at once. */
  static BunnyMirror copying(Databases databases, List<String> tables) throws SQLException {
    return new BunnyMirror(databases, tables, true);
  }

  @Override
  public String slot() {
    return "bunny_" + NAME;
  }

  @Override
  public void release(Marker marker) {
    handle.resume();
  }

  @Override
  public List<String> destinationPids() throws SQLException {
    return databases
        .destination()
        .values(
            "SELECT pid FROM pg_stat_activity"
                + " WHERE datname = current_database() AND application_name LIKE ?",
            "bunny " + NAME + " %");
  }

  @Override
  public boolean holdsMarker() throws SQLException {
    refuseError();
    return watch.sees();
  }

  @Override
  public void awaitCopied(Duration timeout) {
    handle.awaitState(MirrorState.RUNNING, timeout);
  }

  @Override
  public void close() throws SQLException {
    watch.close();
    handle.drop();
  }

  private void refuseError() {
    MirrorException problem = error.get();
    if (problem != null) {
      throw new IllegalStateException("the mirror met an error", problem);
    }
  }
}
