package io.bunnydb;

import java.util.List;

/**
 * A part of a mirror's events.
 *
 * <p>Immutable.
 *
 * @param events the events, newest first
 * @param total how many there are that the query wants, before limit and offset
 * @param limit the query's limit
 * @param offset the query's offset
 */
public record EventPage(List<MirrorEvent> events, long total, int limit, int offset) {

  /** Copies the list. */
  public EventPage {
    events = List.copyOf(events);
  }
}
