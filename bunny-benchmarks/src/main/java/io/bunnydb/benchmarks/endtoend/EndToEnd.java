package io.bunnydb.benchmarks.endtoend;

import java.io.IOException;
import java.io.PrintStream;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * How fast is a backlog worked off by Bunny, against PostgreSQL's own subscription in the same run?
 * And how fast is the first copy, how soon is a row there under a steady load?
 *
 * <pre>{@code
 * mvn -q package -DskipTests -pl bunny-benchmarks -am
 * java -cp bunny-benchmarks/target/benchmarks.jar io.bunnydb.benchmarks.endtoend.EndToEnd \
 *   --workloads ins_1k,upd_1k --rows 1000000 --pairs 5 --out results
 * }</pre>
 *
 * <p>The contenders take turns, each pair in the opposite order of the last, on tables made anew
 * each time; only ratios within a pair mean something. Before the first pair of a backlog what runs
 * in this JVM has a smaller turn that does not count, as a mirror mostly runs in a process that has
 * been up for a while. Each turn that writes ends with a comparison of both sides. It starts two
 * servers by itself, or takes those of {@code --source} and {@code --destination}, as a superuser,
 * and drops there what it has made. With {@code --latency-millis} a proxy in this program makes the
 * source seem far away from whoever follows it; the load is written without it.
 */
public final class EndToEnd {
  private EndToEnd() {}

  /** Runs what the options ask for; without options all of it, which takes hours. */
  public static void main(String[] arguments) throws SQLException, IOException {
    Options options;
    try {
      options = Options.parse(arguments);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(2);
      return;
    }
    run(options, arguments, System.out, System.err);
  }

  /**
   * Runs, prints the tables and writes the files.
   *
   * @param arguments the command line, to stand beside the results
   * @return the results of all turns
   * @throws IllegalStateException if a contender does not do its work
   */
  static List<Result> run(
      Options options, String[] arguments, PrintStream tables, PrintStream progress)
      throws SQLException, IOException {
    List<Result> results = new ArrayList<>();
    try (Servers servers = Servers.of(options);
        Databases databases = Databases.create(servers)) {
      Map<String, String> facts = facts(servers, options, arguments);
      for (Measurement measurement : measurements(options)) {
        Optional<Measurement> warmUp = measurement.warmUp(options.warmUpRows());
        for (Contender.Name name : measurement.contenders()) {
          if (warmUp.isPresent() && name != Contender.Name.NATIVE) {
            turn(databases, warmUp.get(), name, 0);
          }
        }
        for (int pair = 1; pair <= options.pairs(); pair++) {
          List<Contender.Name> order = new ArrayList<>(measurement.contenders());
          if (pair % 2 == 0) {
            Collections.reverse(order);
          }
          for (Contender.Name name : order) {
            Result result = turn(databases, measurement, name, pair);
            results.add(result);
            progress.println(line(result));
          }
        }
        // After each, as a run takes long and may be ended before its end.
        if (options.out().isPresent()) {
          ResultFiles.write(options.out().get(), facts, options.latency(), results);
        }
      }
      facts.forEach((name, value) -> tables.println("- " + name + ": " + value));
      tables.println();
      tables.print(MarkdownTables.of(Summary.of(results)));
    }
    return results;
  }

  private static Result turn(
      Databases databases, Measurement measurement, Contender.Name name, int pair) {
    try {
      databases.clear();
      return measurement.run(databases, name, pair);
    } catch (SQLException | RuntimeException e) {
      throw new IllegalStateException(
          "%s of %s, pair %d".formatted(measurement.workload(), name.label(), pair), e);
    }
  }

  private static List<Measurement> measurements(Options options) {
    List<Measurement> measurements = new ArrayList<>();
    for (String name : options.workloads()) {
      measurements.add(
          switch (name) {
            case Options.SNAPSHOT -> new InitialCopy(options.rows());
            case Options.STEADY ->
                new SteadyLoad(options.steadyRate(), options.steadyWarmUp(), options.steadyTime());
            default ->
                new Drain(
                    Workload.valueOf(name.toUpperCase(Locale.ROOT)),
                    options.rows(),
                    options.contenders());
          });
    }
    return measurements;
  }

  private static Map<String, String> facts(Servers servers, Options options, String[] arguments)
      throws SQLException {
    Map<String, String> facts = new LinkedHashMap<>();
    List<String> shown = new ArrayList<>(List.of(arguments));
    int password = shown.indexOf("--password");
    if (password >= 0) {
      shown.set(password + 1, "...");
    }
    facts.put("options", String.join(" ", shown));
    facts.put("time", Instant.now().toString());
    facts.put(
        "added latency",
        options.latency().toMillis()
            + " ms"
            + (options.latency().isZero() ? "" : "; the JVM's time holds that of the proxy"));
    facts.put("source", servers.source().value("SELECT version()"));
    facts.put("destination", servers.destination().value("SELECT version()"));
    facts.put("java", System.getProperty("java.vm.name") + " " + Runtime.version());
    facts.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    return facts;
  }

  private static String line(Result result) {
    return String.format(
        Locale.ROOT,
        "%-9s pair %d %-8s %,12.0f rows/s %8.2f s",
        result.workload(),
        result.pair(),
        result.contender().label(),
        result.rate(),
        result.seconds());
  }
}
