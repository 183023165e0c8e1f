package io.bunnydb.benchmarks.endtoend;

import java.util.List;
import java.util.Locale;

/** The summaries as tables in Markdown. */
final class MarkdownTables {
  private MarkdownTables() {}

  /** The tables: throughput, then latency where it was measured. */
  static String of(List<Summary> summaries) {
    StringBuilder text = new StringBuilder();
    List<Summary> drained = summaries.stream().filter(one -> !one.p50().isKnown()).toList();
    if (!drained.isEmpty()) {
      text.append("| workload | contender | rows/s | min..max | of native | min..max |");
      text.append(" source CPU | destination CPU | JVM CPU | JVM heap |\n");
      text.append("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n");
      for (Summary one : drained) {
        text.append(
            row(
                one.workload(),
                one.contender().label(),
                number("%,.0f", one.rate().median()),
                range("%,.0f", one.rate()),
                number("%.2f", one.ratio().median()),
                range("%.2f", one.ratio()),
                number("%.2f", one.sourceCpu().median()),
                number("%.2f", one.destinationCpu().median()),
                number("%.2f", one.jvmCpu().median()),
                number("%,.0f", one.heap().max())));
      }
    }
    List<Summary> steady = summaries.stream().filter(one -> one.p50().isKnown()).toList();
    if (!steady.isEmpty()) {
      text.append("\n| workload | contender | rows/s | p50 ms | min..max | p99 ms | min..max |");
      text.append(" source CPU | destination CPU | JVM CPU |\n");
      text.append("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n");
      for (Summary one : steady) {
        text.append(
            row(
                one.workload(),
                one.contender().label(),
                number("%,.0f", one.rate().median()),
                number("%.2f", one.p50().median()),
                range("%.2f", one.p50()),
                number("%.2f", one.p99().median()),
                range("%.2f", one.p99()),
                number("%.2f", one.sourceCpu().median()),
                number("%.2f", one.destinationCpu().median()),
                number("%.2f", one.jvmCpu().median())));
      }
    }
    text.append(
        "\nMedians; CPU in seconds per million rows; heap in MiB, the most that was in use");
    text.append(
        " right after a collection, where there was one. `receive` reads as Bunny does and");
    text.append(" throws everything away");
    if (Contender.Name.DEBEZIUM.isPresent()) {
      text.append(", `debezium` its embedded engine with a consumer that does the same");
    }
    text.append(".\nThe JVM also polls for the end and, with");
    text.append(" `steady`, writes the load, for either contender.\n");
    return text.toString();
  }

  private static String row(String... cells) {
    return "| " + String.join(" | ", cells) + " |\n";
  }

  private static String range(String format, Spread spread) {
    return spread.isKnown()
        ? number(format, spread.min()) + ".." + number(format, spread.max())
        : "";
  }

  private static String number(String format, double value) {
    return Double.isNaN(value) ? "" : String.format(Locale.ROOT, format, value);
  }
}
