package io.bunnydb.testing;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The two sides of a mirror, each with its own server. */
public enum Side {
  /** The database that is mirrored. */
  SOURCE,
  /** The database that the mirror writes. */
  DESTINATION;

  /** The side in lower case, as databases and peers of tests are named. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The binaries that the system property {@code bunny.test.<label>} asks for. */
  PostgresBinaries binaries() {
    @Nullable String major = System.getProperty("bunny.test." + label());
    return major == null || major.isBlank()
        ? PostgresBinaries.ofClassPath()
        : PostgresBinaries.ofMajor(Integer.parseInt(major.trim()));
  }
}
