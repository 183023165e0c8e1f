package io.bunnydb.benchmarks.endtoend;

import java.sql.SQLException;
import java.util.List;
import java.util.OptionalDouble;

/**
 * How long does the first copy of a table take, its primary key and an index in place? The clock
 * starts before the subscription or the mirror is made. Immutable.
 *
 * @param rows how many rows there are
 */
record InitialCopy(int rows) implements Measurement {

  @Override
  public String workload() {
    return Options.SNAPSHOT;
  }

  @Override
  public List<Contender.Name> contenders() {
    return List.of(Contender.Name.NATIVE, Contender.Name.BUNNY);
  }

  @Override
  public Result run(Databases databases, Contender.Name name, int pair) throws SQLException {
    databases.execute(List.of(NarrowTable.CREATE, "CREATE INDEX ON bench (at)"));
    databases.source().execute(NarrowTable.insert("1", Integer.toString(rows)));
    List<String> tables = List.of(Workload.TABLE);
    databases.settle(tables);
    long jvmBefore = Cpu.jvmNow();
    long begin = System.nanoTime();
    try (CopyingContender contender = begin(databases, name, tables)) {
      contender.awaitCopied(Measurement.timeout(rows));
      double seconds = (System.nanoTime() - begin) / 1e9;
      // The backends that copy have ended by now, so only this JVM's time is known.
      double jvm = (Cpu.jvmNow() - jvmBefore) / 1e9;
      Cpu.Seconds cpu =
          new Cpu.Seconds(OptionalDouble.empty(), OptionalDouble.empty(), OptionalDouble.of(jvm));
      return new Result(
          workload(),
          name,
          pair,
          rows,
          seconds,
          OptionalDouble.empty(),
          OptionalDouble.empty(),
          cpu,
          OptionalDouble.empty(),
          Comparison.of(databases, tables).tables());
    }
  }

  private static CopyingContender begin(
      Databases databases, Contender.Name name, List<String> tables) throws SQLException {
    return name == Contender.Name.BUNNY
        ? BunnyMirror.copying(databases, tables)
        : NativeSubscription.copying(databases, tables);
  }
}
