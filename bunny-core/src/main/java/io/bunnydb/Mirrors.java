package io.bunnydb;

import io.bunnydb.spi.CheckpointStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The running mirrors of one process, by their names.
 *
 * <p>Each works, fails and is operated by itself, through its handle; here they are started, found
 * and closed together. One that was closed or dropped by its handle leaves by itself, and its name
 * is free again. Thread-safe.
 *
 * <pre>{@code
 * try (Mirrors mirrors = new Mirrors()) {
 *   mirrors.startKnown(store, connection, name -> Optional.of(describe(name))); // after a restart
 *   mirrors.start(describe("prod_to_staging"));                                 // a new one
 *   mirrors.find("prod_to_staging").ifPresent(MirrorHandle::pause);
 * } // closes all of them, and drops nothing
 * }</pre>
 */
public final class Mirrors implements AutoCloseable {
  private final Map<String, MirrorHandle> handles = new LinkedHashMap<>();
  private final Set<String> starting = new HashSet<>();
  private boolean isClosed;

  /** None yet. */
  public Mirrors() {}

  /**
   * Starts a mirror, as {@link Mirror#start} does, and keeps its handle. Mirrors of other names may
   * be started at the same time by other threads.
   *
   * @return its handle; closed with the others
   * @throws IllegalStateException if one of that name is here or being started, or after {@link
   *     #close}
   * @throws MirrorException as {@link Mirror#start}; the others are not concerned
   */
  public MirrorHandle start(Mirror mirror) {
    reserve(mirror.name());
    MirrorHandle handle = null;
    try {
      handle = mirror.start();
      return handle;
    } finally {
      settle(mirror.name(), handle);
    }
  }

  /**
   * Starts all mirrors that a store knows and that are not here yet, one after the other; one that
   * cannot be started does not keep the next from it. A mirror that was paused is paused again.
   *
   * @param store where their checkpoints are kept
   * @param destination a connection to the destination, as the store wants it; left as it is
   * @param describe gives the mirror of a name, with its peers and options, which are not in the
   *     store, and any list of tables, as the checkpoint's counts; empty to pass over it
   * @return the names of those that could not be started, each with the reason; empty if all is
   *     well
   * @throws SQLException if the store cannot be read
   * @throws IllegalStateException after {@link #close}
   */
  public Map<String, RuntimeException> startKnown(
      CheckpointStore store, Connection destination, Function<String, Optional<Mirror>> describe)
      throws SQLException {
    Map<String, RuntimeException> failures = new LinkedHashMap<>();
    for (String name : store.mirrors(destination)) {
      if (find(name).isPresent()) {
        continue;
      }
      try {
        describe.apply(name).ifPresent(this::start);
      } catch (RuntimeException e) {
        failures.put(name, e);
      }
    }
    return failures;
  }

  /** The handle of a mirror that was started here and is not closed. */
  public synchronized Optional<MirrorHandle> find(String name) {
    forgetClosed();
    return Optional.ofNullable(handles.get(name));
  }

  /** The handles of all mirrors that were started here and are not closed, the oldest first. */
  public synchronized List<MirrorHandle> list() {
    forgetClosed();
    return List.copyOf(handles.values());
  }

  /**
   * Closes all mirrors, the youngest first, and drops nothing; waits for those that are being
   * started. If one cannot be closed the others are closed all the same, the first exception is
   * thrown, and the call can be repeated. Then nothing can be started here any more.
   */
  @Override
  public void close() {
    RuntimeException failure = null;
    for (MirrorHandle handle : endStarts()) {
      try {
        handle.close();
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private synchronized void reserve(String name) {
    if (isClosed) {
      throw new IllegalStateException(
          "mirror '" + name + "' cannot be started here, these mirrors were closed");
    }
    forgetClosed();
    if (handles.containsKey(name) || !starting.add(name)) {
      throw new IllegalStateException(
          "mirror '" + name + "' runs here already; find it, or close its handle first");
    }
  }

  private synchronized void settle(String name, @Nullable MirrorHandle handle) {
    starting.remove(name);
    if (handle != null) {
      handles.put(name, handle);
    }
    notifyAll();
  }

  /** Lets no further start begin, and gives the handles of all that there have been. */
  private synchronized List<MirrorHandle> endStarts() {
    isClosed = true;
    boolean isInterrupted = false;
    while (!starting.isEmpty()) {
      try {
        wait();
      } catch (InterruptedException e) {
        isInterrupted = true;
      }
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
    List<MirrorHandle> youngestFirst = new ArrayList<>(list());
    Collections.reverse(youngestFirst);
    return youngestFirst;
  }

  private void forgetClosed() {
    handles.values().removeIf(handle -> handle.state() == MirrorState.TERMINATED);
  }
}
