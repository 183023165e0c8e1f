package io.bunnydb.scenarios;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Notes which scenarios passed, for {@link CompatibilityPage}. */
final class ScenarioReport {
  private static final Path FOLDER = Path.of("target", "scenarios");

  private ScenarioReport() {}

  /** Notes a scenario under the pair of versions that it ran between. */
  static void passed(Scenario scenario, int source, int destination) {
    try {
      Files.createDirectories(FOLDER);
      Files.writeString(
          FOLDER.resolve(source + "-" + destination + ".tsv"),
          scenario.category() + "\t" + scenario.name() + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
