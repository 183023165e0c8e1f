package io.bunnydb.scenarios;

import org.junit.jupiter.api.condition.EnabledIf;

/** From PostgreSQL 18 to 14. */
@EnabledIf(
    value = "io.bunnydb.scenarios.Versions#areThere",
    disabledReason = "run with -Dpostgres.all")
final class Scenarios18To14IT extends ScenarioSuite {
  Scenarios18To14IT() {
    super(Versions.between(18, 14));
  }
}
