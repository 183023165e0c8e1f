package io.bunnydb.benchmarks.endtoend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.StringJoiner;

/** The results as files: each turn in JSON and CSV, the medians as plots. */
final class ResultFiles {
  private ResultFiles() {}

  /**
   * Writes the files; a plot without a measurement is left out.
   *
   * @param folder made if it is not there
   * @param latency what each round trip took in addition; stands beside each turn
   * @param run what was run on what, by name
   */
  static void write(Path folder, Map<String, String> run, Duration latency, List<Result> results)
      throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("results.json"), json(run, latency, results));
    Files.writeString(folder.resolve("results.csv"), csv(latency, results));
    List<Summary> summaries = Summary.of(results);
    if (summaries.stream().anyMatch(one -> !one.p50().isKnown())) {
      Files.writeString(folder.resolve("throughput.svg"), ThroughputPlot.of(summaries));
    }
    if (summaries.stream().anyMatch(one -> one.p50().isKnown())) {
      Files.writeString(folder.resolve("latency.svg"), LatencyPlot.of(summaries));
    }
  }

  private static String csv(Duration latency, List<Result> results) {
    StringBuilder text = new StringBuilder();
    for (Result result : results) {
      Map<String, String> fields = fields(latency, result);
      if (text.isEmpty()) {
        text.append(String.join(",", fields.keySet())).append('\n');
      }
      text.append(String.join(",", fields.values())).append('\n');
    }
    return text.toString();
  }

  private static String json(Map<String, String> run, Duration latency, List<Result> results) {
    StringJoiner facts = new StringJoiner(",\n    ", "{\n    ", "\n  }");
    run.forEach((name, value) -> facts.add(quote(name) + ": " + quote(value)));
    StringJoiner turns = new StringJoiner(",\n    ", "[\n    ", "\n  ]");
    for (Result result : results) {
      StringJoiner turn = new StringJoiner(", ", "{", "}");
      fields(latency, result)
          .forEach(
              (name, value) -> {
                boolean isText = name.equals("workload") || name.equals("contender");
                String shown = isText ? quote(value) : value.isEmpty() ? "null" : value;
                turn.add(quote(name) + ": " + shown);
              });
      turns.add(turn.toString());
    }
    return "{\n  \"run\": " + facts + ",\n  \"results\": " + turns + "\n}\n";
  }

  /** The names say the units; a value that is not known is empty. */
  private static Map<String, String> fields(Duration latency, Result result) {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("workload", result.workload());
    fields.put("contender", result.contender().label());
    fields.put("pair", Integer.toString(result.pair()));
    fields.put("added_latency_ms", Long.toString(latency.toMillis()));
    fields.put("changes", Long.toString(result.changes()));
    fields.put("seconds", number(OptionalDouble.of(result.seconds())));
    fields.put("changes_per_second", number(OptionalDouble.of(result.rate())));
    fields.put("p50_ms", number(result.p50()));
    fields.put("p99_ms", number(result.p99()));
    fields.put("source_cpu_seconds", number(result.cpu().source()));
    fields.put("destination_cpu_seconds", number(result.cpu().destination()));
    fields.put("jvm_cpu_seconds", number(result.cpu().jvm()));
    fields.put("jvm_heap_after_gc_mib", number(result.heapMib()));
    fields.put("compared_tables", Integer.toString(result.comparedTables()));
    return fields;
  }

  private static String number(OptionalDouble value) {
    return value.isEmpty() ? "" : String.format(Locale.ROOT, "%.4f", value.getAsDouble());
  }

  private static String quote(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
  }
}
