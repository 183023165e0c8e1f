package io.bunnydb.internal.engine;

import io.bunnydb.AwaitTimeoutException;
import io.bunnydb.Lsn;
import io.bunnydb.MirrorException;
import io.bunnydb.TableMapping;
import io.bunnydb.TableVerification;
import io.bunnydb.VerifyOptions;
import io.bunnydb.VerifyReport;
import io.bunnydb.internal.apply.WriterSettings;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.ErrorKinds;
import io.bunnydb.internal.catalog.ServerMessage;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.catalog.StopSignal.StoppedException;
import io.bunnydb.internal.verify.ComparedTable;
import io.bunnydb.internal.verify.ComparedTable.NotComparableException;
import io.bunnydb.internal.verify.Pace;
import io.bunnydb.internal.verify.Standing;
import io.bunnydb.internal.verify.TableComparison;
import io.bunnydb.internal.verify.Tally;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Compares a mirror's tables beside its work, on the caller's thread and over connections of its
 * own, and repairs them. Thread-safe.
 */
final class Verification implements Standing {
  // A range is found by its index, whatever is known of the table; and one core is enough.
  // No commit waits: nothing is written.
  private static final String READING =
      "SET enable_seqscan = off; SET jit = off; SET max_parallel_workers_per_gather = 0;"
          + " SET synchronous_commit = off";

  private final MirrorContext context;
  private final MirrorConfig config;
  private final RepairGate gate;
  private final SidesProof proof;

  Verification(MirrorContext context, RepairGate gate) {
    this.context = context;
    this.config = context.config();
    this.gate = gate;
    this.proof = new SidesProof(context);
  }

  /**
   * Compares tables, and repairs them if that is wanted.
   *
   * @throws io.bunnydb.PreflightException if a right is missing
   * @throws MirrorException if a side cannot be read
   * @throws IllegalStateException if the mirror is closed meanwhile
   */
  VerifyReport run(List<TableMapping> tables, VerifyOptions options, boolean isRepair) {
    StopSignal stop = new StopSignal();
    gate.begins(stop);
    try {
      VerifyReport report = compare(tables, options, isRepair, stop);
      tell(report, isRepair);
      return report;
    } catch (StoppedException e) {
      throw broken(e);
    } catch (SQLException e) {
      throw stop.isStopped() ? broken(e) : Faults.describe(config.name(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AwaitTimeoutException(
          config.name(), "interrupted while tables were compared; nothing is half done", e);
    } finally {
      gate.ends(stop);
    }
  }

  private IllegalStateException broken(Exception e) {
    return new IllegalStateException(
        "mirror '" + config.name() + "' was closed, or paused, while its tables were compared", e);
  }

  private VerifyReport compare(
      List<TableMapping> tables, VerifyOptions options, boolean isRepair, StopSignal stop)
      throws SQLException, InterruptedException {
    try (Connection source = context.source().open("verify");
        Connection destination = context.destinationPeer().open("verify");
        Writer writer = isRepair ? openWriter() : null) {
      try {
        stop.guard(source);
        stop.guard(destination);
        if (writer != null) {
          stop.guard(writer.connection);
        }
        proof.prove(source, destination);
        new VerifyRights(config, destination)
            .check(tables, source, destination, isRepair, isRepair && options.deletesAdditional());
        Sql.execute(source, READING);
        Sql.execute(destination, READING);
        Pace pace = new Pace(stop, options.workShare());
        List<TableVerification> results = new ArrayList<>();
        for (TableMapping table : tables) {
          stop.check();
          results.add(compare(table, options, source, destination, writer, pace, stop));
        }
        return new VerifyReport(results);
      } finally {
        stop.release(source);
        stop.release(destination);
        if (writer != null) {
          stop.release(writer.connection);
        }
      }
    }
  }

  private record Writer(Connection connection, boolean areTriggersSilent) implements AutoCloseable {
    @Override
    public void close() throws SQLException {
      connection.close();
    }
  }

  private Writer openWriter() throws SQLException {
    Connection opened = context.destinationPeer().open("repair");
    try {
      boolean areTriggersSilent = WriterSettings.prepare(opened);
      opened.setAutoCommit(false);
      return new Writer(opened, areTriggersSilent);
    } catch (SQLException | RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  private TableVerification compare(
      TableMapping table,
      VerifyOptions options,
      Connection source,
      Connection destination,
      @Nullable Writer writer,
      Pace pace,
      StopSignal stop)
      throws SQLException, InterruptedException {
    Tally tally = new Tally(table, options.listedRows());
    if (follows(table) == NOT_FOLLOWING) {
      tally.skip("it does not follow the stream, as it is being copied; call again when it does");
      return tally.result();
    }
    try {
      ComparedTable compared = ComparedTable.of(source, destination, table);
      if (isOther(compared, proof.prove(source, destination))) {
        tally.skip(
            "the source has another table of that name than the one that is mirrored; resync it");
        return tally.result();
      }
      TableComparison comparison =
          new TableComparison(compared, source, destination, options, tally, this, pace);
      if (writer != null) {
        comparison.repairBy(
            writer.connection,
            config.name(),
            context.destination().pid(),
            writer.areTriggersSilent);
      }
      comparison.run();
    } catch (NotComparableException e) {
      tally.skip(String.valueOf(e.getMessage()));
    } catch (SQLException e) {
      if (stop.isStopped() || !isOfTheTable(e)) {
        throw e;
      }
      tally.skip(ServerMessage.of(e) + " [SQLSTATE " + e.getSQLState() + "]");
    }
    return tally.result();
  }

  /** Whether an error concerns the table alone, so that others can be compared. */
  private static boolean isOfTheTable(SQLException e) {
    return switch (ErrorKinds.ofSqlState(e.getSQLState())) {
      case CONTENTION, CONSTRAINT, PRIVILEGE, SCHEMA, DATA, REFUSED, INTERNAL -> true;
      case CONNECTION, SERVER_BUSY, RESOURCES, OWNED, AUTHENTICATION, SLOT_LOST -> false;
    };
  }

  /** Whether a table has come on the source in the place of the mirrored one. */
  private static boolean isOther(ComparedTable compared, Checkpoint checkpoint) {
    for (TableCheckpoint table : checkpoint.tables()) {
      if (table.mapping().source().equals(compared.mapping().source())) {
        return table.sourceOid() != 0 && table.sourceOid() != compared.source().oid();
      }
    }
    return false;
  }

  private void tell(VerifyReport report, boolean isRepair) {
    List<TableVerification> tables = report.tables();
    String differing =
        tables.stream()
            .filter(table -> !table.matches() || table.differences() > 0)
            .map(TableVerification::toString)
            .collect(Collectors.joining("; "));
    String text =
        tables.size()
            + (isRepair ? " tables were compared and repaired" : " tables were compared")
            + (differing.isEmpty() ? ", both sides agree" : ": " + differing);
    Map<String, String> details =
        Map.of(
            "tables", Integer.toString(tables.size()),
            "agree", Long.toString(tables.stream().filter(TableVerification::matches).count()),
            "differences", Long.toString(sum(tables, TableVerification::differences)),
            "unsettled", Long.toString(sum(tables, TableVerification::unsettled)),
            "repaired", Long.toString(sum(tables, TableVerification::repaired)));
    if (report.matches()) {
      context.note(text, details);
    } else {
      context.warn(text, details);
    }
  }

  private static long sum(List<TableVerification> tables, ToLongFunction<TableVerification> count) {
    return tables.stream().mapToLong(count).sum();
  }

  // ---- what the comparison asks of the mirror ----

  @Override
  public boolean awaitApplied(Lsn lsn, Duration patience) {
    Progress progress = context.progress();
    progress.want(lsn);
    // It may go back, when a table joins.
    AtomicBoolean isApplied = new AtomicBoolean();
    try {
      context
          .lifecycle()
          .await(
              "caught up to " + lsn,
              patience,
              () -> {
                isApplied.set(!progress.applied().isBefore(lsn));
                return isApplied.get() || isStopped();
              });
    } catch (AwaitTimeoutException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw e;
      }
    }
    return isApplied.get();
  }

  private boolean isStopped() {
    return switch (context.lifecycle().state()) {
      case PAUSING, PAUSED, FAILED, TERMINATING, TERMINATED -> true;
      case CREATED, SETTING_UP, SNAPSHOT, RUNNING, RESYNCING, SYNCING_SCHEMA -> false;
    };
  }

  @Override
  public int follows(TableMapping mapping) {
    return context.tables().follows(mapping);
  }

  @Override
  public void refuseOtherSource(Connection source) throws SQLException {
    if (!context.control().leadsTo(Catalog.server(source))) {
      throw new SQLException(
          "the mirror is not connected to the server that is repaired from; call again when all"
              + " lead to one",
          "08006");
    }
  }

  @Override
  public boolean write(Writing writing) throws SQLException, InterruptedException {
    return gate.write(writing);
  }
}
