package io.bunnydb.benchmarks.endtoend;

import java.util.List;
import java.util.Locale;

/** Bars of the throughput at each workload, where the native subscription's is 1. */
final class ThroughputPlot {
  private static final int LEFT = 90;
  private static final int TOP = 50;
  private static final int BAR = 14; // height
  private static final int GAP = 12; // between workloads
  private static final int LENGTH = 480; // of the longest bar

  private ThroughputPlot() {}

  /** Draws it; summaries of latencies are passed over. */
  static String of(List<Summary> summaries) {
    List<Summary> drained =
        summaries.stream().filter(one -> one.ratio().isKnown() && !one.p50().isKnown()).toList();
    long workloads = drained.stream().map(Summary::workload).distinct().count();
    int height = TOP + drained.size() * BAR + Math.toIntExact(workloads) * GAP + 10;
    double most =
        Math.max(1, drained.stream().mapToDouble(one -> one.ratio().max()).max().orElse(1));
    double unit = LENGTH / most;
    Svg svg = new Svg(LEFT + LENGTH + 130, height);
    svg.text(
        10, 20, "start", "Rows per second, native subscription = 1: median, line from min to max");
    Palette.legend(svg, LEFT, 38, drained.stream().map(Summary::contender).distinct().toList());
    double y = TOP;
    String workload = "";
    for (Summary one : drained) {
      if (!one.workload().equals(workload)) {
        workload = one.workload();
        y += GAP;
        svg.text(LEFT - 8, y + BAR - 3, "end", workload);
      }
      Spread ratio = one.ratio();
      svg.bar(LEFT, y, ratio.median() * unit, BAR - 2, Palette.colour(one.contender()));
      double middle = y + (BAR - 2) / 2.0;
      svg.line(LEFT + ratio.min() * unit, middle, LEFT + ratio.max() * unit, middle, "black");
      svg.text(
          LEFT + ratio.max() * unit + 6,
          y + BAR - 3,
          "start",
          String.format(Locale.ROOT, "%.2f (%,.0f/s)", ratio.median(), one.rate().median()));
      y += BAR;
    }
    svg.line(LEFT + unit, TOP, LEFT + unit, height - 10, "grey");
    return svg.toString();
  }
}
