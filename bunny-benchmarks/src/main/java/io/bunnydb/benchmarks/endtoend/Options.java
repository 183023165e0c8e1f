package io.bunnydb.benchmarks.endtoend;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What the command line asks for. Immutable.
 *
 * @param workloads the names of what is measured, in this order
 * @param contenders who works off the backlogs
 * @param rows row changes per run of the larger workloads
 * @param warmUpRows row changes of the turn before that does not count; 0 for no such turn
 * @param pairs how often each contender has its turn
 * @param steadyRate transactions per second of {@code steady}
 * @param steadyTime how long {@code steady} measures
 * @param steadyWarmUp how long it loads the source before
 * @param latency what a round trip between the source and each contender takes in addition
 * @param source the source server; empty: both servers are started here
 * @param destination the destination server
 * @param out the folder for the files; empty: none are written
 */
record Options(
    List<String> workloads,
    List<Contender.Name> contenders,
    int rows,
    int warmUpRows,
    int pairs,
    int steadyRate,
    Duration steadyTime,
    Duration steadyWarmUp,
    Duration latency,
    Optional<Database> source,
    Optional<Database> destination,
    Optional<Path> out) {

  /** The workload that measures the first copy. */
  static final String SNAPSHOT = "snapshot";

  /** The workload that measures the latency of a steady load. */
  static final String STEADY = "steady";

  private static final Map<String, String> MEANINGS = meanings();

  /**
   * Reads the command line.
   *
   * @throws IllegalArgumentException if it holds anything that is not understood; the message is
   *     meant for who typed it
   */
  static Options parse(String... arguments) {
    Map<String, String> given = new LinkedHashMap<>();
    for (int i = 0; i < arguments.length; i += 2) {
      String name = arguments[i];
      if (!MEANINGS.containsKey(name)) {
        throw new IllegalArgumentException("unknown option " + name + "; there are\n" + usage());
      }
      if (i + 1 == arguments.length) {
        throw new IllegalArgumentException(name + " needs a value: " + MEANINGS.get(name));
      }
      if (given.put(name, arguments[i + 1]) != null) {
        throw new IllegalArgumentException(name + " is given twice");
      }
    }
    if (given.containsKey("--source") != given.containsKey("--destination")) {
      throw new IllegalArgumentException("--source and --destination go together");
    }
    if (!given.containsKey("--source")
        && (given.containsKey("--user") || given.containsKey("--password"))) {
      throw new IllegalArgumentException("--user and --password are for --source, --destination");
    }
    return new Options(
        workloads(given.get("--workloads")),
        contenders(given.get("--contenders")),
        number(given, "--rows", 1_000_000),
        wholeNumber(given, "--warm-up", 200_000, 0),
        number(given, "--pairs", 5),
        number(given, "--steady-rate", 2_000),
        Duration.ofSeconds(number(given, "--steady-seconds", 20)),
        Duration.ofSeconds(wholeNumber(given, "--steady-warm-up", 20, 0)),
        Duration.ofMillis(wholeNumber(given, "--latency-millis", 0, 0)),
        database(given, "--source"),
        database(given, "--destination"),
        value(given, "--out", Path::of));
  }

  /** The options, one a line. */
  static String usage() {
    StringBuilder text = new StringBuilder();
    MEANINGS.forEach((name, meaning) -> text.append("  %-17s %s%n".formatted(name, meaning)));
    return text.toString();
  }

  /** The names of all workloads. */
  static List<String> allWorkloads() {
    List<String> names = new ArrayList<>();
    for (Workload workload : Workload.values()) {
      names.add(workload.label());
    }
    names.add(SNAPSHOT);
    names.add(STEADY);
    return names;
  }

  private static Map<String, String> meanings() {
    Map<String, String> meanings = new LinkedHashMap<>();
    meanings.put("--workloads", "some of " + String.join(",", allWorkloads()) + " (all)");
    meanings.put(
        "--contenders", "who works off the backlogs, some of " + String.join(",", present()));
    meanings.put("--rows", "row changes per run (1000000); toast and wide make a tenth of it");
    meanings.put(
        "--warm-up",
        "row changes of a turn of the JVM's before, which does not count (200000); 0: none");
    meanings.put("--pairs", "turns of each contender (5)");
    meanings.put("--steady-rate", "transactions per second of steady (2000)");
    meanings.put("--steady-seconds", "how long steady measures (20)");
    meanings.put("--steady-warm-up", "seconds of the same load before, not measured (20)");
    meanings.put("--latency-millis", "added to each round trip between source and contenders (0)");
    meanings.put("--source", "JDBC URL of a server with wal_level=logical (one is started)");
    meanings.put("--destination", "JDBC URL of a server that reaches the source (one is started)");
    meanings.put("--user", "superuser of both given servers (postgres)");
    meanings.put("--password", "its password (empty)");
    meanings.put("--out", "folder for results.json, results.csv and plots (none)");
    return meanings;
  }

  private static List<String> workloads(@Nullable String list) {
    if (list == null) {
      return allWorkloads();
    }
    List<String> chosen = Arrays.asList(list.split(",", -1));
    for (String name : chosen) {
      if (!allWorkloads().contains(name)) {
        throw new IllegalArgumentException(
            "unknown workload '" + name + "'; there are " + String.join(",", allWorkloads()));
      }
    }
    return List.copyOf(chosen);
  }

  private static List<String> present() {
    return Arrays.stream(Contender.Name.values())
        .filter(Contender.Name::isPresent)
        .map(Contender.Name::label)
        .toList();
  }

  private static List<Contender.Name> contenders(@Nullable String list) {
    List<String> chosen = list == null ? present() : Arrays.asList(list.split(",", -1));
    for (String name : chosen) {
      if (!present().contains(name)) {
        throw new IllegalArgumentException(
            "unknown contender '" + name + "'; there are " + String.join(",", present()));
      }
    }
    return Arrays.stream(Contender.Name.values())
        .filter(name -> chosen.contains(name.label()))
        .toList();
  }

  private static int number(Map<String, String> given, String name, int usual) {
    return wholeNumber(given, name, usual, 1);
  }

  private static int wholeNumber(Map<String, String> given, String name, int usual, int least) {
    String text = given.getOrDefault(name, Integer.toString(usual));
    try {
      int number = Integer.parseInt(text);
      if (number >= least) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Falls through to the message that a number too small gets, too.
    }
    throw new IllegalArgumentException(
        "%s needs a whole number above %d, not '%s'".formatted(name, least - 1, text));
  }

  private static Optional<Database> database(Map<String, String> given, String name) {
    return value(
        given,
        name,
        url ->
            Database.of(
                name,
                url,
                given.getOrDefault("--user", "postgres"),
                given.getOrDefault("--password", "")));
  }

  private static <T> Optional<T> value(
      Map<String, String> given, String name, Function<String, T> read) {
    return Optional.ofNullable(given.get(name)).map(read);
  }
}
