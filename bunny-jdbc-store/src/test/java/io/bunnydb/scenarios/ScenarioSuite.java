package io.bunnydb.scenarios;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.bunnydb.scenarios.Scenario.Step;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import io.bunnydb.testing.TestDatabase;
import io.bunnydb.testing.TestDatabaseException;
import java.io.IOException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Scenarios between two versions. A build plays every twentieth of them, and others on the next
 * day; {@code -Dbunny.scenarios=.*} plays all, {@code -Dbunny.scenarios=types|shape} some
 * categories.
 */
@ExpectsLog(value = "; paused", optional = true)
@ExpectsLog(value = "met no row on the destination", optional = true)
@ExpectsLog(value = "the next follows in", optional = true)
@ExpectsLog(value = "stay on the destination until they are deleted there", optional = true)
abstract class ScenarioSuite {
  private static final List<String> CATEGORIES =
      List.of(
          "identity",
          "toast",
          "types",
          "settings",
          "shape",
          "hierarchies",
          "transactions",
          "constraints",
          "filters",
          "truncate",
          "disagreement",
          "sequences",
          "large");

  // The large ones take half a minute each; they run with the suites of all versions, or if named.
  private static final String CHOSEN =
      System.getProperty(
          "bunny.scenarios", System.getProperty("postgres.all") == null ? "(?!large).*" : ".*");

  private static final boolean IS_WHOLE =
      System.getProperty("bunny.scenarios") != null || System.getProperty("postgres.all") != null;

  private static final int SHARES = 20;

  @RegisterExtension final MirrorDatabases databases;

  ScenarioSuite(MirrorDatabases databases) {
    this.databases = databases;
  }

  static Stream<Scenario> scenarios() throws IOException {
    List<Scenario> scenarios = new ArrayList<>();
    for (String category : CATEGORIES) {
      if (category.matches(CHOSEN)) {
        scenarios.addAll(ScenarioReader.read(category + ".scenarios"));
      }
    }
    if (IS_WHOLE) {
      return scenarios.stream();
    }
    long today = LocalDate.now(ZoneOffset.UTC).toEpochDay();
    return IntStream.range(0, scenarios.size())
        .filter(i -> (i + today) % SHARES == 0)
        .mapToObj(scenarios::get);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("scenarios")
  @SidesDiffer("each scenario says what is to be the same")
  final void scenario(Scenario scenario) {
    int source = databases.source().server().major();
    int destination = databases.destination().server().major();
    assumeTrue(scenario.runsBetween(source, destination), "not for these versions");
    for (Step need : scenario.needs()) {
      assumeTrue(has(databases.source(), need), "the source lacks what is needed: " + need);
      assumeTrue(
          has(databases.destination(), need), "the destination lacks what is needed: " + need);
    }
    try (ScenarioRun run = new ScenarioRun(databases)) {
      run.run(scenario);
    }
    ScenarioReport.passed(scenario, source, destination);
  }

  private static boolean has(TestDatabase database, Step need) {
    if (need.verb().equals("extension")) {
      return database.queryLong(
              "SELECT count(*) FROM pg_available_extensions WHERE name = ?", need.argument())
          > 0;
    }
    try {
      database.queryString("SELECT set_config('lc_monetary', ?, true)", need.argument());
      return true;
    } catch (TestDatabaseException e) {
      return false;
    }
  }
}
