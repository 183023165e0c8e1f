package io.bunnydb.internal.engine;

import io.bunnydb.Finding;
import io.bunnydb.Lsn;
import io.bunnydb.MirrorException;
import io.bunnydb.Severity;
import io.bunnydb.SlotLostException;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.internal.catalog.PeerConnector;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.source.ReplicationStream;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A mirror that the store knows, looked at from outside: how it stands, and whether it can go on.
 *
 * @param config what the builder was told
 * @param checkpoint what the store knows
 */
record KnownMirror(MirrorConfig config, Checkpoint checkpoint) {

  /** The mappings of all tables. */
  List<TableMapping> mappings() {
    return checkpoint.tables().stream().map(TableCheckpoint::mapping).toList();
  }

  /** The mappings of the tables that are still to be copied. */
  List<TableMapping> tablesToCopy() {
    return checkpoint.tables().stream()
        .filter(table -> table.state() == TableState.COPYING)
        .map(TableCheckpoint::mapping)
        .toList();
  }

  /** Whether the builder names the tables that the checkpoint has. */
  boolean hasTheBuildersTables() {
    return checkpoint.tables().stream()
        .map(TableCheckpoint::mapping)
        .collect(Collectors.toSet())
        .equals(Set.copyOf(config.tables()));
  }

  /** What stands against it where it was made under other names; empty where it was not. */
  Optional<Finding> otherNames() {
    if (checkpoint.slot().equals(config.slot())
        && checkpoint.publication().equals(config.publication())) {
      return Optional.empty();
    }
    return Optional.of(
        new Finding(
            Severity.ERROR,
            null,
            "it was created with slot "
                + checkpoint.slot()
                + " and publication "
                + checkpoint.publication()
                + ", not "
                + config.slot()
                + " and "
                + config.publication(),
            "name these in slot(...) and publication(...)"));
  }

  /**
   * Checks whether it can go on. Nothing is made, and nobody who runs it notices.
   *
   * @param connector how to reach the source
   * @param source a connection to it, in autocommit mode
   * @param destination a connection to the destination, in autocommit mode
   */
  void check(
      PeerConnector connector,
      Connection source,
      Connection destination,
      Findings findings,
      PlannedSql sql,
      StopSignal stop)
      throws SQLException {
    tellHowItStands(findings);
    findings.addAll(otherNames().stream().toList());
    ServerPreflight servers = new ServerPreflight(source, destination);
    if (servers.checkRoles(findings)) {
      new LogRetention(source).check(findings);
    }
    try (ReplicationStream stream =
        new ReplicationRight(config.source(), connector, source).connect(findings, stop)) {
      if (stream != null) {
        prove(stream, source, findings);
      }
    }
    checkStore(destination, findings, sql);
    Set<TableName> owned =
        tablesToCopy().stream().map(TableMapping::destination).collect(Collectors.toSet());
    new TablePreflight(config, source, destination, findings, sql)
        .checkSides(tablesToCopy(), true, owned);
  }

  /** A start brings what an earlier version of the store made up to date. */
  private void checkStore(Connection destination, Findings findings, PlannedSql sql)
      throws SQLException {
    List<String> statements = config.store().statements(destination);
    sql.onDestination(statements);
    SQLException refusal =
        statements.isEmpty() ? null : new CheckpointTrial(config, destination).refusal(checkpoint);
    if (refusal != null) {
      findings.error(
          null,
          "the checkpoint's tables cannot be brought up to date: " + refusal.getMessage(),
          "have their owner do that");
    }
  }

  private void tellHowItStands(Findings findings) {
    String tables =
        checkpoint.tables().stream()
            .map(table -> table.mapping().source() + standing(table.state()))
            .collect(Collectors.joining(", "));
    findings.note(
        null,
        (checkpoint.position().equals(Lsn.ZERO)
                ? "its set-up is not complete, and goes on"
                : "it goes on from " + checkpoint.position())
            + " with the tables "
            + tables,
        "");
    if (checkpoint.paused()) {
      findings.note(
          null,
          "it is paused"
              + (checkpoint.error() == null ? "" : " by an error: " + checkpoint.error()),
          "start(), then resume()");
    }
    if (!hasTheBuildersTables()) {
      findings.note(
          null,
          "the builder names other tables than the checkpoint, which counts",
          "change them with updateTables");
    }
  }

  private static String standing(TableState state) {
    return switch (state) {
      case COPYING -> " (to be copied)";
      case PAUSED -> " (paused)";
      case QUARANTINED -> " (quarantined)";
      case COPIED, LIVE -> "";
    };
  }

  private void prove(ReplicationStream stream, Connection source, Findings findings)
      throws SQLException {
    try {
      SourceProof.prove(config, checkpoint, stream, source);
    } catch (SlotLostException e) {
      findings.addAll(List.of(refusal(e)));
    }
  }

  /** A refusal's sentence without the mirror's name, its cure behind the first semicolon. */
  static Finding refusal(MirrorException refusal) {
    String sentence = Faults.sentence(refusal);
    int cure = sentence.indexOf("; ");
    return cure < 0
        ? new Finding(
            Severity.ERROR,
            refusal.table(),
            sentence,
            "mend that, or drop() the mirror and start it anew")
        : new Finding(
            Severity.ERROR,
            refusal.table(),
            sentence.substring(0, cure),
            sentence.substring(cure + 2));
  }
}
