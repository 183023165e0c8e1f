package io.bunnydb.examples.control;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import io.bunnydb.EventPage;
import io.bunnydb.MirrorEvent;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A part of a mirror's log in an answer, the newest first.
 *
 * @param logs the events
 * @param total how many there are in all that were asked for
 * @param limit how many were asked for at most
 * @param offset how many newer ones were passed over
 */
record LogView(List<EventView> logs, long total, int limit, int offset) {
  private static final SnakeCaseStrategy SNAKE_CASE = new SnakeCaseStrategy();

  /**
   * An event of it.
   *
   * @param id grows by one from event to event
   * @param level how grave it is
   * @param message what happened
   * @param details the parts of it, by name
   * @param createdAt when, in UTC, as ISO 8601 writes it
   */
  record EventView(
      long id,
      MirrorEvent.Level level,
      String message,
      Map<String, String> details,
      String createdAt) {
    static EventView of(MirrorEvent event) {
      Map<String, String> details = new TreeMap<>();
      event.details().forEach((name, value) -> details.put(SNAKE_CASE.translate(name), value));
      return new EventView(
          event.id(), event.level(), event.message(), details, event.at().toString());
    }
  }

  /** A page of a mirror's events. */
  static LogView of(EventPage page) {
    return new LogView(
        page.events().stream().map(EventView::of).toList(),
        page.total(),
        page.limit(),
        page.offset());
  }
}
