package io.bunnydb.scenarios;

import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.PostgresServer;
import io.bunnydb.testing.Side;

/** The servers of chosen versions, which are there with {@code -Dpostgres.all}. */
final class Versions {
  private Versions() {}

  /** Whether the binaries of all versions are there; a condition of the tests that need them. */
  static boolean areThere() {
    return System.getProperty("bunny.test.postgresBinaries") != null;
  }

  /** Databases on servers of two versions. */
  static MirrorDatabases between(int source, int destination) {
    return MirrorDatabases.between(
        PostgresServer.shared(Side.SOURCE, source),
        PostgresServer.shared(Side.DESTINATION, destination));
  }
}
