package io.bunnydb.examples;

import java.time.Duration;

/**
 * How much an example mirrors and how long it shows it.
 *
 * @param rows of the shop, in all tables together; a multiple of 500
 * @param look at the mirror that follows, that is paused, that has resumed
 */
record Pace(int rows, Duration look) {

  /** Unhurried, unless {@code -Dquickstart.rows=5000 -Dquickstart.look=PT2S} asks for another. */
  static Pace ofSystemProperties() {
    return new Pace(
        Integer.getInteger("quickstart.rows", 500_000),
        Duration.parse(System.getProperty("quickstart.look", "PT10S")));
  }
}
