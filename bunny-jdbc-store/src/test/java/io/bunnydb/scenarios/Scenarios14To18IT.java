package io.bunnydb.scenarios;

import org.junit.jupiter.api.condition.EnabledIf;

/** From PostgreSQL 14 to 18. */
@EnabledIf(
    value = "io.bunnydb.scenarios.Versions#areThere",
    disabledReason = "run with -Dpostgres.all")
final class Scenarios14To18IT extends ScenarioSuite {
  Scenarios14To18IT() {
    super(Versions.between(14, 18));
  }
}
