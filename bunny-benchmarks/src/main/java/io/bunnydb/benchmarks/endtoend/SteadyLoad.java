package io.bunnydb.benchmarks.endtoend;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;

/**
 * How long after its commit is a row visible on the destination, under a steady load of single-row
 * transactions? Immutable.
 *
 * @param rate transactions per second
 * @param warmUp how long they go on before, which counts for the processor time alone: a mirror
 *     that follows has been compiled long since
 * @param time how long they are measured
 */
record SteadyLoad(int rate, Duration warmUp, Duration time) implements Measurement {

  @Override
  public String workload() {
    return Options.STEADY;
  }

  @Override
  public List<Contender.Name> contenders() {
    return List.of(Contender.Name.NATIVE, Contender.Name.BUNNY);
  }

  @Override
  public Result run(Databases databases, Contender.Name name, int pair) throws SQLException {
    databases.execute(
        List.of(
            "CREATE TABLE bench (writer int, id int, at timestamptz, PRIMARY KEY (writer, id))",
            "CREATE TABLE marker (id bigint PRIMARY KEY)"));
    List<String> tables = List.of(Workload.TABLE, Workload.MARKER);
    try (Contender contender = name.prepare(databases, tables)) {
      Marker marker = Marker.write(databases.source());
      databases.settle(tables);
      contender.release(marker);
      Pause.until("the stream flows", Duration.ofMinutes(1), 2, contender::holdsMarker);
      int rows = rows(warmUp.plus(time));
      Cpu before = Cpu.now(databases, contender);
      PacedWriters writers = new PacedWriters(databases.source(), rows, rate);
      double seconds;
      double[] latencies;
      try (ArrivalWatch watch = new ArrivalWatch(databases.destination(), writers)) {
        seconds = writers.write(watch::start);
        latencies = watch.await(Measurement.timeout(rows), rows(warmUp));
      }
      Cpu.Seconds cpu = Cpu.now(databases, contender).since(before);
      Arrays.sort(latencies);
      return new Result(
          workload(),
          name,
          pair,
          rows,
          seconds,
          OptionalDouble.of(percentile(latencies, 50)),
          OptionalDouble.of(percentile(latencies, 99)),
          cpu,
          OptionalDouble.empty(),
          Comparison.of(databases, tables).tables());
    }
  }

  private int rows(Duration part) {
    return Math.toIntExact(rate * part.toMillis() / 1_000);
  }

  private static double percentile(double[] sorted, int percent) {
    return sorted[Math.min(sorted.length - 1, sorted.length * percent / 100)];
  }
}
