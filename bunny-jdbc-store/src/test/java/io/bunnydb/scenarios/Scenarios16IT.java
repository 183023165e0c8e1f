package io.bunnydb.scenarios;

import org.junit.jupiter.api.condition.EnabledIf;

/** From PostgreSQL 16 to 16. */
@EnabledIf(
    value = "io.bunnydb.scenarios.Versions#areThere",
    disabledReason = "run with -Dpostgres.all")
final class Scenarios16IT extends ScenarioSuite {
  Scenarios16IT() {
    super(Versions.between(16, 16));
  }
}
