package io.bunnydb.benchmarks.endtoend;

import java.util.List;
import java.util.Locale;

/** Bars of the latencies under a steady load. */
final class LatencyPlot {
  private static final int LEFT = 90;
  private static final int TOP = 60;
  private static final int BAR = 22; // height
  private static final int LENGTH = 480; // of the longest bar

  private LatencyPlot() {}

  /** Draws it; summaries without latencies are passed over. */
  static String of(List<Summary> summaries) {
    List<Summary> steady = summaries.stream().filter(one -> one.p50().isKnown()).toList();
    double most = steady.stream().mapToDouble(one -> one.p99().max()).max().orElse(1);
    double unit = LENGTH / Math.max(most, 0.001);
    Svg svg = new Svg(LEFT + LENGTH + 90, TOP + 2 * BAR * steady.size() + 30);
    svg.text(
        10,
        20,
        "start",
        Options.STEADY + ": milliseconds from commit to visible, median, line from min to max");
    Palette.legend(svg, LEFT, 40, steady.stream().map(Summary::contender).distinct().toList());
    double y = TOP;
    for (boolean isMedian : new boolean[] {true, false}) {
      svg.text(LEFT - 8, y + BAR - 7, "end", isMedian ? "p50" : "p99");
      for (Summary one : steady) {
        Spread latency = isMedian ? one.p50() : one.p99();
        svg.bar(LEFT, y, latency.median() * unit, BAR - 4, Palette.colour(one.contender()));
        double middle = y + (BAR - 4) / 2.0;
        svg.line(LEFT + latency.min() * unit, middle, LEFT + latency.max() * unit, middle, "black");
        svg.text(
            LEFT + latency.max() * unit + 6,
            y + BAR - 7,
            "start",
            String.format(Locale.ROOT, "%.2f ms", latency.median()));
        y += BAR;
      }
      y += 10;
    }
    return svg.toString();
  }
}
