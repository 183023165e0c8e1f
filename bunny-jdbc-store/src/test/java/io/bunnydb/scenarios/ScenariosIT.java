package io.bunnydb.scenarios;

import io.bunnydb.testing.MirrorDatabases;

/** Between two servers of the build's version. */
final class ScenariosIT extends ScenarioSuite {
  ScenariosIT() {
    super(new MirrorDatabases());
  }
}
