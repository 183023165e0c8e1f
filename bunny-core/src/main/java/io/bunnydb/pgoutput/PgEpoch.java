package io.bunnydb.pgoutput;

/** The instant from which PostgreSQL counts: 2000-01-01T00:00:00Z. */
final class PgEpoch {

  private static final long UNIX_MICROS = 946_684_800_000_000L;

  private PgEpoch() {}

  /** Microseconds since 1970 for microseconds since 2000. */
  static long toUnixMicros(long micros) {
    return micros + UNIX_MICROS;
  }
}
