package io.bunnydb.benchmarks.endtoend;

import java.util.Arrays;
import java.util.List;

/**
 * Several measurements of one thing. Immutable.
 *
 * @param median the one in the middle, or the mean of the two there
 * @param min the smallest
 * @param max the largest
 */
record Spread(double median, double min, double max) {

  /** The spread of values; not a number if there are none. */
  static Spread of(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int n = sorted.length;
    if (n == 0) {
      return new Spread(Double.NaN, Double.NaN, Double.NaN);
    }
    double median = Arrays.stream(sorted, (n - 1) / 2, n / 2 + 1).average().orElse(Double.NaN);
    return new Spread(median, sorted[0], sorted[n - 1]);
  }

  /** Whether there is a value at all. */
  boolean isKnown() {
    return !Double.isNaN(median);
  }
}
