package io.bunnydb.benchmarks.endtoend;

import java.sql.SQLException;
import java.util.List;
import java.util.OptionalDouble;

/**
 * How long does it take until a table stands on the destination with its rows, its primary key and
 * an index? The subscription finds the table made, with key and index, as it makes none; Bunny
 * finds nothing, and makes all of it. The clock starts before the subscription or the mirror is
 * made. Immutable.
 *
 * @param rows how many rows there are
 */
record InitialCopy(int rows) implements Measurement {
  private static final String[] TABLE = {NarrowTable.CREATE, "CREATE INDEX ON bench (at)"};

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
    List<String> tables = List.of(Workload.TABLE);
    databases.source().execute(TABLE);
    databases.source().execute(NarrowTable.insert("1", Integer.toString(rows)));
    databases.source().execute("VACUUM (ANALYZE) " + Workload.TABLE, "CHECKPOINT");
    if (name != Contender.Name.BUNNY) {
      databases.destination().execute(TABLE);
    }
    databases.destination().execute("CHECKPOINT");
    long jvmBefore = Cpu.jvmNow();
    long begin = System.nanoTime();
    try (CopyingContender contender = begin(databases, name, tables)) {
      contender.awaitCopied(Measurement.timeout(rows));
      double seconds = (System.nanoTime() - begin) / 1e9;
      // The backends that copy have ended by now, so only this JVM's time is known.
      double jvm = (Cpu.jvmNow() - jvmBefore) / 1e9;
      refuseOtherIndexes(databases);
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

  /** The clock may stop only when the table is as it is on the source. */
  private static void refuseOtherIndexes(Databases databases) throws SQLException {
    String query =
        "SELECT string_agg(pg_get_indexdef(indexrelid), '; ' ORDER BY indexrelid::regclass::text)"
            + " FROM pg_index WHERE indisvalid AND indrelid = '"
            + Workload.TABLE
            + "'::regclass";
    String source = databases.source().value(query);
    String destination = databases.destination().value(query);
    if (!source.equals(destination)) {
      throw new IllegalStateException(
          "indexes differ: source %s, destination %s".formatted(source, destination));
    }
  }

  private static CopyingContender begin(
      Databases databases, Contender.Name name, List<String> tables) throws SQLException {
    return name == Contender.Name.BUNNY
        ? BunnyMirror.copying(databases, tables)
        : NativeSubscription.copying(databases, tables);
  }
}
