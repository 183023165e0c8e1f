package io.bunnydb.scenarios;

import org.junit.jupiter.api.condition.EnabledIf;

/** From PostgreSQL 15 to 15. */
@EnabledIf(
    value = "io.bunnydb.scenarios.Versions#areThere",
    disabledReason = "run with -Dpostgres.all")
final class Scenarios15IT extends ScenarioSuite {
  Scenarios15IT() {
    super(Versions.between(15, 15));
  }
}
