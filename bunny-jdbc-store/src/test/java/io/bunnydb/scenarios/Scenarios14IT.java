package io.bunnydb.scenarios;

import org.junit.jupiter.api.condition.EnabledIf;

/** From PostgreSQL 14 to 14. */
@EnabledIf(
    value = "io.bunnydb.scenarios.Versions#areThere",
    disabledReason = "run with -Dpostgres.all")
final class Scenarios14IT extends ScenarioSuite {
  Scenarios14IT() {
    super(Versions.between(14, 14));
  }
}
