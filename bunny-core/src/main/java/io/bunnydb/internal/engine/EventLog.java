package io.bunnydb.internal.engine;

import io.bunnydb.EventPage;
import io.bunnydb.EventQuery;
import io.bunnydb.MirrorEvent;
import io.bunnydb.MirrorEvent.Level;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What happens to a mirror goes through here: into the application's log, and into the last
 * thousand events that its handle can show. Thread-safe.
 */
final class EventLog {
  private static final Logger LOG = LoggerFactory.getLogger(EventLog.class);
  private static final int MOST = 1000;

  private final ArrayDeque<MirrorEvent> events = new ArrayDeque<>();
  private long count;

  /** Notes what has happened to the mirror of that name. */
  void info(String mirror, String what, Map<String, String> details) {
    info(sentence(mirror, what), details);
  }

  /** Notes a fault that the mirror of that name gets over, or that will become one. */
  void warn(String mirror, String what, Map<String, String> details) {
    warn(sentence(mirror, what), details);
  }

  private static String sentence(String mirror, String what) {
    return "mirror '" + mirror + "': " + what;
  }

  /** Notes a step in the life of the mirror. */
  void info(String message, Map<String, String> details) {
    LOG.info("{}", message);
    add(Level.INFO, message, details);
  }

  /** Notes a fault that the mirror gets over, or that will become one. */
  void warn(String message, Map<String, String> details) {
    LOG.warn("{}", message);
    add(Level.WARN, message, details);
  }

  /** Notes a fault that stopped the mirror. */
  void error(String message, Map<String, String> details) {
    LOG.error("{}", message);
    add(Level.ERROR, message, details);
  }

  private synchronized void add(Level level, String message, Map<String, String> details) {
    if (events.size() == MOST) {
      events.removeFirst();
    }
    events.addLast(new MirrorEvent(++count, Instant.now(), level, message, details));
  }

  /** The events that a query wants, newest first. */
  synchronized EventPage page(EventQuery query) {
    String search = query.search();
    @Nullable String wanted = search == null ? null : search.toLowerCase(Locale.ROOT);
    List<MirrorEvent> found = new ArrayList<>();
    long total = 0;
    for (Iterator<MirrorEvent> newest = events.descendingIterator(); newest.hasNext(); ) {
      MirrorEvent event = newest.next();
      if (event.level().compareTo(query.level()) < 0 || !holds(event, wanted)) {
        continue;
      }
      if (total >= query.offset() && found.size() < query.limit()) {
        found.add(event);
      }
      total++;
    }
    return new EventPage(found, total, query.limit(), query.offset());
  }

  private static boolean holds(MirrorEvent event, @Nullable String wanted) {
    if (wanted == null || event.message().toLowerCase(Locale.ROOT).contains(wanted)) {
      return true;
    }
    for (String detail : event.details().values()) {
      if (detail.toLowerCase(Locale.ROOT).contains(wanted)) {
        return true;
      }
    }
    return false;
  }
}
