package io.bunnydb.scenarios;

import org.junit.jupiter.api.condition.EnabledIf;

/** From PostgreSQL 17 to 17. */
@EnabledIf(
    value = "io.bunnydb.scenarios.Versions#areThere",
    disabledReason = "run with -Dpostgres.all")
final class Scenarios17IT extends ScenarioSuite {
  Scenarios17IT() {
    super(Versions.between(17, 17));
  }
}
