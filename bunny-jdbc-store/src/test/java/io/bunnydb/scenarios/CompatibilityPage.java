package io.bunnydb.scenarios;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Makes {@code docs/compatibility.md} of what {@link ScenarioReport} has noted. Arguments: the
 * folder of the notes, the page to write.
 */
public final class CompatibilityPage {
  private static final List<String> PAIRS =
      List.of("14-14", "15-15", "16-16", "17-17", "18-18", "14-18", "18-14");

  private final Map<String, Set<String>> passed = new LinkedHashMap<>();

  private CompatibilityPage() {}

  /** Writes the page. */
  public static void main(String[] args) throws IOException {
    CompatibilityPage page = new CompatibilityPage();
    for (String pair : PAIRS) {
      Path notes = Path.of(args[0], pair + ".tsv");
      if (Files.exists(notes)) {
        page.passed.put(pair, new HashSet<>(Files.readAllLines(notes)));
      }
    }
    Files.writeString(Path.of(args[1]), page.text());
  }

  private String text() throws IOException {
    List<Scenario> scenarios;
    try (Stream<Scenario> all = ScenarioSuite.scenarios()) {
      scenarios = all.toList();
    }
    StringBuilder text = new StringBuilder();
    text.append("# Compatibility\n\n");
    text.append("What was tried, between which versions of PostgreSQL (source → destination), and");
    text.append(" how it ended: ").append(scenarios.size()).append(" scenarios, which stand in\n");
    text.append(
        "[`scenarios`](../bunny-jdbc-store/src/test/resources/scenarios). They are run by\n");
    text.append("\n```sh\n");
    text.append(
        "mvn -B -ntp verify -Dpostgres.all -Dtest=NONE -Dsurefire.failIfNoSpecifiedTests=false");
    text.append(" -Dit.test='Scenarios*IT' -Dfailsafe.failIfNoSpecifiedTests=false \\\n");
    text.append("    -pl bunny-jdbc-store -am -Pcompatibility-page\n```\n\n");
    text.append("which also writes this page. *mirrored*: both sides are equal at the end.");
    text.append(
        " *stops, then goes on*: the mirror pauses with an error that says what to do, and");
    text.append(
        " nothing is lost once that is done.\n*refused*: `start()` or `updateTables()` says");
    text.append(
        " why, before anything is created. ✓ passed, – not for this version, ○ the machine lacks what it needs, ✗ not passed;");
    text.append(" only the pairs that were run have a column.\n");
    String category = "";
    for (Scenario scenario : scenarios) {
      if (!scenario.category().equals(category)) {
        category = scenario.category();
        text.append("\n## ").append(category).append("\n| scenario | outcome |");
        passed
            .keySet()
            .forEach(pair -> text.append(' ').append(pair.replace("-", "→")).append(" |"));
        text.append("\n|---|---|").append("---|".repeat(passed.size())).append('\n');
      }
      text.append("| ").append(scenario.name().replace("|", "\\|"));
      text.append(" | ").append(scenario.outcome()).append(" |");
      for (String pair : passed.keySet()) {
        text.append(' ').append(mark(scenario, pair)).append(" |");
      }
      text.append('\n');
    }
    return text.append(refusals(scenarios)).toString();
  }

  private String mark(Scenario scenario, String pair) {
    int dash = pair.indexOf('-');
    int source = Integer.parseInt(pair.substring(0, dash));
    int destination = Integer.parseInt(pair.substring(dash + 1));
    if (!scenario.runsBetween(source, destination)) {
      return "–";
    }
    String note = scenario.category() + "\t" + scenario.name();
    if (passed.getOrDefault(pair, Set.of()).contains(note)) {
      return "✓";
    }
    // Such as a locale or an extension; what fails with them there fails the build.
    return scenario.needs().isEmpty() ? "✗" : "○";
  }

  /** What is refused or stops, with the words that the scenario expects. */
  private static String refusals(List<Scenario> scenarios) {
    StringBuilder text = new StringBuilder("\n## What is refused or stops, and why\n");
    text.append("| scenario | the message holds |\n|---|---|\n");
    for (Scenario scenario : scenarios) {
      List<String> reasons = new ArrayList<>();
      for (Scenario.Step step : scenario.steps()) {
        if (step.verb().equals("refused")) {
          int because = step.body().indexOf("because");
          reasons.addAll(step.body().subList(because + 1, step.body().size()));
        } else if (step.verb().equals("stops")) {
          reasons.addAll(step.body());
        }
      }
      reasons.removeIf(String::isBlank);
      if (!reasons.isEmpty()) {
        text.append("| ").append(scenario.name().replace("|", "\\|")).append(" | ");
        text.append(String.join(" … ", reasons).replace("|", "\\|")).append(" |\n");
      }
    }
    return text.toString();
  }
}
