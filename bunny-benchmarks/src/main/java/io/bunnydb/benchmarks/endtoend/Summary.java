package io.bunnydb.benchmarks.endtoend;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * All turns of one contender at one workload. Immutable.
 *
 * @param workload the workload's name
 * @param contender who did it
 * @param rate row changes per second
 * @param ratio the rate, divided by that of the native subscription in the same pair
 * @param p50 median milliseconds from commit to visible
 * @param p99 the same, 99th percentile
 * @param sourceCpu seconds of the source's WAL sender per million changes
 * @param destinationCpu seconds of the destination's backends per million changes
 * @param jvmCpu seconds of this JVM per million changes
 * @param heap MiB of this JVM's heap in use right after a collection, at most
 */
record Summary(
    String workload,
    Contender.Name contender,
    Spread rate,
    Spread ratio,
    Spread p50,
    Spread p99,
    Spread sourceCpu,
    Spread destinationCpu,
    Spread jvmCpu,
    Spread heap) {

  /** The summaries in the order of the workloads, for each the contenders in theirs. */
  static List<Summary> of(List<Result> results) {
    List<Summary> summaries = new ArrayList<>();
    for (String workload : results.stream().map(Result::workload).distinct().toList()) {
      for (Contender.Name contender : Contender.Name.values()) {
        List<Result> turns =
            results.stream()
                .filter(turn -> turn.workload().equals(workload) && turn.contender() == contender)
                .toList();
        if (!turns.isEmpty()) {
          summaries.add(of(workload, contender, turns, results));
        }
      }
    }
    return summaries;
  }

  private static Summary of(
      String workload, Contender.Name contender, List<Result> turns, List<Result> all) {
    return new Summary(
        workload,
        contender,
        Spread.of(turns.stream().map(Result::rate).toList()),
        Spread.of(turns.stream().map(turn -> turn.rate() / nativeRate(turn, all)).toList()),
        spread(turns, Result::p50),
        spread(turns, Result::p99),
        spread(turns, turn -> perMillion(turn, turn.cpu().source())),
        spread(turns, turn -> perMillion(turn, turn.cpu().destination())),
        spread(turns, turn -> perMillion(turn, turn.cpu().jvm())),
        spread(turns, Result::heapMib));
  }

  private static double nativeRate(Result turn, List<Result> all) {
    return all.stream()
        .filter(
            other ->
                other.workload().equals(turn.workload())
                    && other.pair() == turn.pair()
                    && other.contender() == Contender.Name.NATIVE)
        .mapToDouble(Result::rate)
        .findFirst()
        .orElse(Double.NaN);
  }

  private static OptionalDouble perMillion(Result turn, OptionalDouble seconds) {
    return seconds.isEmpty()
        ? seconds
        : OptionalDouble.of(seconds.getAsDouble() * 1e6 / turn.changes());
  }

  private static Spread spread(List<Result> turns, Function<Result, OptionalDouble> value) {
    return Spread.of(
        turns.stream()
            .map(value)
            .filter(OptionalDouble::isPresent)
            .map(OptionalDouble::getAsDouble)
            .toList());
  }
}
