package io.bunnydb.scenarios;

import io.bunnydb.scenarios.Scenario.Step;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads scenarios from a file.
 *
 * <pre>
 * # Title of the category
 *
 * == What the scenario shows
 * from 15                    needs this version of the source or later; also until, destination-from
 * extension hstore           needs it to be at hand on both servers; also locale
 * source                     SQL on the source, a statement up to each line that ends with ;
 *   CREATE TABLE t (id int PRIMARY KEY);
 * mirror                     mappings, one a line
 *   public.t -&gt; other.t excluding a, b where id &gt; 10
 * same
 * </pre>
 *
 * A line that begins with {@code #} is a remark. What the verbs do is told in {@link ScenarioRun}.
 */
final class ScenarioReader {
  private static final Set<String> EXPECTATIONS = Set.of("same", "refused", "stops", "shows");

  private final String file;
  private final List<Scenario> scenarios = new ArrayList<>();
  private final Set<String> names = new HashSet<>();
  private String category = "";
  private @Nullable String name;
  private int first;
  private int last;
  private int firstDestination;
  private List<Step> needs = new ArrayList<>();
  private List<Step> steps = new ArrayList<>();

  private ScenarioReader(String file) {
    this.file = file;
  }

  /** Reads a file of the class path's directory {@code scenarios}. */
  static List<Scenario> read(String file) throws IOException {
    try (InputStream in = ScenarioReader.class.getResourceAsStream("/scenarios/" + file)) {
      if (in == null) {
        throw new IOException("there is no /scenarios/" + file);
      }
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return new ScenarioReader(file).read(text.split("\n", -1));
    }
  }

  private List<Scenario> read(String[] lines) throws IOException {
    for (int i = 0; i < lines.length; i++) {
      String line = lines[i].stripTrailing();
      if (line.startsWith("==")) {
        end();
        begin(line.substring(2).strip());
      } else if (line.startsWith("# ") && category.isEmpty()) {
        category = line.substring(2).strip();
      } else if (line.startsWith("  ") && !steps.isEmpty()) {
        steps.get(steps.size() - 1).body().add(line.substring(2));
      } else if (!line.isEmpty() && !line.startsWith("#")) {
        step(line, i + 1);
      }
    }
    end();
    return scenarios;
  }

  private void begin(String newName) throws IOException {
    if (!names.add(newName)) {
      throw new IOException(file + " has two scenarios \"" + newName + '"');
    }
    name = newName;
    first = 14;
    last = Integer.MAX_VALUE;
    firstDestination = 14;
    needs = new ArrayList<>();
    steps = new ArrayList<>();
  }

  private void step(String line, int number) throws IOException {
    if (name == null || line.startsWith(" ")) {
      throw new IOException(file + ", line " + number + ": no scenario or step begins here");
    }
    int space = line.indexOf(' ');
    String verb = space < 0 ? line : line.substring(0, space);
    String argument = space < 0 ? "" : line.substring(space + 1).strip();
    switch (verb) {
      case "from" -> first = Integer.parseInt(argument);
      case "until" -> last = Integer.parseInt(argument);
      case "destination-from" -> firstDestination = Integer.parseInt(argument);
      case "extension", "locale" -> needs.add(new Step(verb, argument, List.of(), number));
      default -> steps.add(new Step(verb, argument, new ArrayList<>(), number));
    }
  }

  private void end() throws IOException {
    if (name == null) {
      return;
    }
    if (steps.stream().noneMatch(step -> EXPECTATIONS.contains(step.verb()))) {
      throw new IOException(file + ": scenario \"" + name + "\" expects nothing");
    }
    scenarios.add(
        new Scenario(
            category, name, first, last, firstDestination, List.copyOf(needs), List.copyOf(steps)));
    name = null;
  }
}
