package io.bunnydb.benchmarks.endtoend;

import java.util.List;

/** The contenders' colours, the same in each plot. */
final class Palette {
  private Palette() {}

  /** A contender's colour. */
  static String colour(Contender.Name contender) {
    return switch (contender) {
      case NATIVE -> "#8a9aa9";
      case BUNNY -> "#d1682f";
      case RECEIVE -> "#e3dccb";
      case DEBEZIUM -> "#7fa67a";
    };
  }

  /** Names the colours in one line of a drawing. */
  static void legend(Svg svg, double x, double y, List<Contender.Name> contenders) {
    double left = x;
    for (Contender.Name contender : contenders) {
      svg.bar(left, y - 10, 12, 12, colour(contender));
      svg.text(left + 17, y, "start", contender.label());
      left += 90;
    }
  }
}
