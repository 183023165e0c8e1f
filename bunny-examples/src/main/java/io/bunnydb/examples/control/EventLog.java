package io.bunnydb.examples.control;

import io.bunnydb.Lsn;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorListener;
import io.bunnydb.MirrorState;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.TableStatus;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The last thousand events of one mirror: its states, its errors, the ends of its copies.
 *
 * <p>In memory. Thread-safe. Like everything that Bunny says it holds no row's values and no
 * secrets.
 */
final class EventLog implements MirrorListener {
  private static final int CAPACITY = 1_000;

  private final Deque<Event> events = new ArrayDeque<>();
  private final Map<TableName, TableState> copied = new HashMap<>();
  private long nextId = 1;

  /** How grave an event is, the lightest first. */
  enum Level {
    INFO,
    WARN,
    ERROR
  }

  /**
   * One event.
   *
   * @param id grows by one from event to event of a mirror, from 1 at the server's start
   * @param level how grave it is
   * @param message what happened
   * @param details the parts of it, by name
   * @param createdAt when, in UTC, as ISO 8601 writes it
   */
  record Event(
      long id, Level level, String message, Map<String, String> details, String createdAt) {}

  /**
   * A part of the log, the newest first.
   *
   * @param logs the events
   * @param total how many there are in all that were asked for
   * @param limit how many were asked for at most
   * @param offset how many newer ones were passed over
   */
  record Page(List<Event> logs, int total, int limit, int offset) {}

  /**
   * Finds events.
   *
   * @param least the lightest level wanted
   * @param search a text that the message holds, in any case; null for all
   */
  synchronized Page find(Level least, @Nullable String search, int limit, int offset) {
    String wanted = search == null ? "" : search.toLowerCase(Locale.ROOT);
    List<Event> found = new ArrayList<>();
    for (Event event : events) {
      if (event.level().compareTo(least) >= 0
          && event.message().toLowerCase(Locale.ROOT).contains(wanted)) {
        found.add(event);
      }
    }
    Collections.reverse(found);
    int from = Math.min(offset, found.size());
    int to = (int) Math.min((long) from + limit, found.size());
    return new Page(List.copyOf(found.subList(from, to)), found.size(), limit, offset);
  }

  /** Adds an event. */
  synchronized void add(Level level, String message, Map<String, String> details) {
    if (events.size() == CAPACITY) {
      events.removeFirst();
    }
    events.addLast(new Event(nextId++, level, message, details, Instant.now().toString()));
  }

  @Override
  public void onStateChange(String mirror, MirrorState from, MirrorState to) {
    add(
        to == MirrorState.FAILED ? Level.ERROR : Level.INFO,
        "mirror '" + mirror + "' is " + to,
        Map.of("from", from.name(), "to", to.name()));
  }

  @Override
  public void onCopyProgress(String mirror, TableStatus table) {
    if (isNews(table)) {
      boolean isDone = table.state() != TableState.COPYING;
      add(
          Level.INFO,
          "mirror '"
              + mirror
              + "', table "
              + table.source()
              + (isDone ? ": the copy is complete" : ": the copy began"),
          Map.of(
              "table",
              table.source().toString(),
              "rows_copied",
              String.valueOf(table.rowsCopied())));
    }
  }

  private synchronized boolean isNews(TableStatus table) {
    return copied.put(table.source(), table.state()) != table.state();
  }

  @Override
  public void onError(String mirror, MirrorException error) {
    Map<String, String> details = new LinkedHashMap<>();
    details.put("error", error.getClass().getSimpleName());
    TableName table = error.table();
    if (table != null) {
      details.put("table", table.toString());
    }
    Lsn lsn = error.lsn();
    if (lsn != null) {
      details.put("lsn", lsn.toString());
    }
    String sqlState = error.sqlState();
    if (sqlState != null) {
      details.put("sqlstate", sqlState);
    }
    add(Level.ERROR, String.valueOf(error.getMessage()), details);
  }
}
