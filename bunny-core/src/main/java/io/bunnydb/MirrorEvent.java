package io.bunnydb;

import java.time.Instant;
import java.util.Map;

/**
 * Something that happened to a mirror, as its log keeps it.
 *
 * <p>Immutable. It holds no value of a row and no password.
 *
 * @param id its number; the events of a handle are counted from 1
 * @param at when it happened
 * @param level how grave it is
 * @param message what happened, as it stands in the application's log too
 * @param details the same for programs: {@code state}, {@code kind}, {@code table}, {@code lsn},
 *     {@code sqlState}, {@code attempts} and others, each only where it applies
 */
public record MirrorEvent(
    long id, Instant at, Level level, String message, Map<String, String> details) {

  /** Copies the details. */
  public MirrorEvent {
    details = Map.copyOf(details);
  }

  /** How grave an event is. */
  public enum Level {
    /** A step in the life of a mirror. */
    INFO,
    /** A fault that the mirror gets over by itself, or that will become one. */
    WARN,
    /** The mirror stopped. */
    ERROR
  }
}
