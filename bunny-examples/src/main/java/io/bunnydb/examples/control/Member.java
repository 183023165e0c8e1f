package io.bunnydb.examples.control;

import io.bunnydb.EventPage;
import io.bunnydb.EventQuery;
import io.bunnydb.MirrorEvent;
import io.bunnydb.MirrorEvent.Level;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A mirror that this server knows: its request, and why it could not be started.
 *
 * <p>Thread-safe.
 */
final class Member {
  private final CreateRequest request;
  private volatile @Nullable Problem problem;
  private volatile boolean isToRun;

  /** Why a mirror could not be started, and since when. */
  private record Problem(String reason, Instant since) {}

  Member(CreateRequest request) {
    this.request = request;
  }

  /** Its name. */
  String name() {
    return request.name();
  }

  /** What it was asked to be. */
  CreateRequest request() {
    return request;
  }

  /** Why it could not be started; null for one that runs, or is being made or deleted. */
  @Nullable String problem() {
    Problem present = problem;
    return present == null ? null : present.reason();
  }

  /** Whether it has been started here, be it that it ended since, and is not being deleted. */
  boolean isToRun() {
    return isToRun;
  }

  /** Notes whether it is to run; waits for an attempt to start it. */
  synchronized void setToRun(boolean isToRun) {
    this.isToRun = isToRun;
  }

  /** Notes that it runs. */
  void started() {
    isToRun = true;
    problem = null;
  }

  /** Notes why it cannot be started; tells whether that is news. */
  boolean cannotStart(String reason) {
    if (reason.equals(problem())) {
      return false;
    }
    problem = new Problem(reason, Instant.now());
    return true;
  }

  /**
   * What there is to tell of it while it has no handle that could: the problem, if there is one.
   */
  EventPage events(EventQuery query) {
    Problem present = problem;
    String search = query.search();
    if (present == null || (search != null && !holds(present.reason(), search))) {
      return new EventPage(List.of(), 0, query.limit(), query.offset());
    }
    MirrorEvent event =
        new MirrorEvent(
            1,
            present.since(),
            Level.ERROR,
            "mirror '" + name() + "' could not be started: " + present.reason(),
            Map.of());
    return new EventPage(
        query.offset() == 0 ? List.of(event) : List.of(), 1, query.limit(), query.offset());
  }

  private static boolean holds(String text, String search) {
    return text.toLowerCase(Locale.ROOT).contains(search.toLowerCase(Locale.ROOT));
  }
}
