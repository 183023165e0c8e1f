package io.bunnydb.benchmarks.endtoend;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How long does it take to work off a backlog? Immutable.
 *
 * @param kind what the backlog consists of
 * @param rows how many rows the command line asks for
 * @param contenders who takes part
 */
record Drain(Workload kind, int rows, List<Contender.Name> contenders) implements Measurement {

  @Override
  public String workload() {
    return kind.label();
  }

  @Override
  public Optional<Measurement> warmUp(int warmUpRows) {
    return warmUpRows == 0
        ? Optional.empty()
        : Optional.of(new Drain(kind, Math.min(rows, warmUpRows), contenders));
  }

  @Override
  public Result run(Databases databases, Contender.Name name, int pair) throws SQLException {
    databases.execute(kind.seed(rows));
    List<String> tables = new ArrayList<>(kind.tables());
    tables.add(Workload.MARKER);
    try (Contender contender = name.prepare(databases, tables);
        HeapWatch heap = new HeapWatch()) {
      databases.source().execute(kind.backlog(rows).toArray(new String[0]));
      Marker marker = Marker.write(databases.source());
      databases.settle(tables);
      CpuWatch cpu = new CpuWatch(databases, contender);
      long begin = System.nanoTime();
      contender.release(marker);
      Pause.until(
          "the backlog is done",
          Measurement.timeout(rows),
          2,
          () -> {
            cpu.look();
            return contender.holdsMarker();
          });
      double seconds = (System.nanoTime() - begin) / 1e9;
      Cpu.Seconds used = cpu.end();
      int compared = name.writes() ? Comparison.of(databases, tables).tables() : 0;
      return new Result(
          workload(),
          name,
          pair,
          kind.changes(rows),
          seconds,
          OptionalDouble.empty(),
          OptionalDouble.empty(),
          used,
          heapOf(name, heap),
          compared);
    }
  }

  private static OptionalDouble heapOf(Contender.Name name, HeapWatch heap) {
    return name == Contender.Name.NATIVE ? OptionalDouble.empty() : heap.mostMib();
  }
}
