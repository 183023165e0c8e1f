package io.bunnydb.internal.engine;

import io.bunnydb.ErrorKind;
import io.bunnydb.Lsn;
import io.bunnydb.TableMapping;
import io.bunnydb.TableState;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.ErrorKinds;
import io.bunnydb.internal.catalog.PeerConnector;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.source.Publication;
import io.bunnydb.internal.source.ReplicationSlot;
import io.bunnydb.internal.source.ReplicationStream;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.SourceIdentity;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Checks whether a new mirror can work, as a whole; {@link TablePreflight} checks its tables.
 * Nothing that it does outlasts it: what only the server can judge is tried in a transaction that
 * is rolled back.
 */
final class Preflight {
  private static final int FAILOVER_MAJOR = 17;

  // Stands in the trial of a checkpoint where the source could not be asked.
  private static final SourceIdentity UNKNOWN = new SourceIdentity("", 0, "");

  private final MirrorConfig config;
  private final PeerConnector connector;
  private final Connection source;
  private final Connection destination;
  private final Findings findings = new Findings();
  private final PlannedSql sql = new PlannedSql();
  private @Nullable SourceIdentity identity;

  /**
   * A preflight; nothing is asked yet.
   *
   * @param connector how to reach the source
   * @param source a connection to it, in autocommit mode
   * @param destination a connection to the destination, in autocommit mode and prepared as one that
   *     writes
   */
  Preflight(
      MirrorConfig config, PeerConnector connector, Connection source, Connection destination) {
    this.config = config;
    this.connector = connector;
    this.source = source;
    this.destination = destination;
  }

  /** What was found. */
  Findings findings() {
    return findings;
  }

  /** The SQL that a start would run; whole where there are no errors. */
  PlannedSql sql() {
    return sql;
  }

  /** Checks everything. */
  void run(StopSignal stop) throws SQLException {
    ServerPreflight servers = new ServerPreflight(source, destination);
    servers.checkVersions(findings);
    if (findings.hasErrors()) {
      return;
    }
    boolean areCopied = config.options().initialSnapshot();
    if (servers.checkRoles(findings)) {
      new ServerCapacity(source)
          .checkReplication(
              config.ownsSlot(), areCopied, connector.applicationName("stream"), findings);
      new LogRetention(source).check(findings);
    }
    servers.checkLocales(findings);
    checkNotMirroredOntoItself();
    try (ReplicationStream stream =
        new ReplicationRight(config.source(), connector, source).connect(findings, stop)) {
      identity = stream == null ? null : stream.identify();
    }
    checkSlot();
    checkPublication();
    sql.onDestination(config.store().statements(destination));
    TablePreflight tables = new TablePreflight(config, source, destination, findings, sql);
    tables.checkHierarchies(config.tables());
    tables.check(config.tables(), areCopied, Set.of());
    checkCheckpoint();
    if (config.ownsSlot()) {
      sql.onSource(
          ReplicationSlot.createSql(
              config.slot(), config.options().operation().isSlotForFailover()));
    }
  }

  /**
   * The first checkpoint of the mirror, not saved yet.
   *
   * @throws IllegalStateException if something stands against it
   */
  Checkpoint firstCheckpoint() {
    SourceIdentity known = identity;
    if (known == null || findings.hasErrors()) {
      throw new IllegalStateException(
          "mirror '" + config.name() + "' has not passed its preflight");
    }
    return firstCheckpoint(known);
  }

  private Checkpoint firstCheckpoint(SourceIdentity known) {
    TableState state = config.options().initialSnapshot() ? TableState.COPYING : TableState.LIVE;
    List<TableCheckpoint> tables = new ArrayList<>();
    for (TableMapping table : config.tables()) {
      tables.add(new TableCheckpoint(table, state, Lsn.ZERO));
    }
    return new Checkpoint(
        config.name(), known, config.slot(), config.publication(), Lsn.ZERO, false, null, tables);
  }

  private void checkCheckpoint() throws SQLException {
    Checkpoint first = firstCheckpoint(identity == null ? UNKNOWN : identity);
    SQLException refusal = new CheckpointTrial(config, destination).refusal(first);
    if (refusal != null) {
      List<String> grants =
          ErrorKinds.ofSqlState(refusal.getSQLState()) == ErrorKind.PRIVILEGE
              ? config.store().grants(config.destination().user(), destination)
              : List.of();
      findings.error(
          null,
          "the checkpoint cannot be kept on the destination: " + refusal.getMessage(),
          "grant CREATE on the database, or make the store's tables beforehand"
              + (grants.isEmpty() ? "" : ": " + String.join("; ", grants)));
    }
  }

  private void checkNotMirroredOntoItself() throws SQLException {
    if (Catalog.server(source).equals(Catalog.server(destination))) {
      for (TableMapping mapping : config.tables()) {
        if (mapping.source().equals(mapping.destination())) {
          findings.error(
              mapping.source(),
              "source and destination are one database, and table "
                  + mapping.source()
                  + " would be mirrored onto itself",
              "map it to another name");
        }
      }
    }
  }

  private void checkSlot() throws SQLException {
    checkFailover();
    var slot = ReplicationSlot.find(source, config.slot());
    String name = "replication slot " + config.slot();
    if (config.ownsSlot()) {
      if (slot.isPresent()) {
        findings.error(
            null,
            "the source has a " + name + " already, but the store knows no such mirror",
            "drop the slot (SELECT pg_drop_replication_slot("
                + Sql.literal(config.slot())
                + ")) if nothing uses it");
      }
      return;
    }
    if (slot.isEmpty()) {
      findings.error(null, "the source has no " + name, "make it, or leave slot(...) out");
      return;
    }
    String database = Sql.queryText(source, "SELECT pg_catalog.current_database()");
    if (!ReplicationSlot.PLUGIN.equals(slot.get().plugin())
        || !String.valueOf(database).equals(slot.get().database())) {
      findings.error(
          null,
          name + " is not one of plugin " + ReplicationSlot.PLUGIN + " in database " + database,
          "make another");
    } else if (slot.get().isActive()) {
      findings.error(null, name + " is in use", "stop its reader");
    } else if (slot.get().invalidation() != null) {
      findings.error(null, name + " is invalid", "drop it and make another");
    } else if (config.ownsPublication() && !config.options().initialSnapshot()) {
      findings.error(
          null,
          name
              + " begins before the publication that Bunny would make, and without a copy the changes"
              + " between would be missing",
          "make the publication first, then the slot, and name both");
    }
  }

  private void checkFailover() throws SQLException {
    int major = source.getMetaData().getDatabaseMajorVersion();
    if (config.options().operation().isSlotForFailover() && major < FAILOVER_MAJOR) {
      findings.error(
          null,
          "the source is PostgreSQL "
              + major
              + ", and slots that its standbys keep in step with come with "
              + FAILOVER_MAJOR,
          "leave failoverSlot(true) out");
    }
  }

  private void checkPublication() throws SQLException {
    boolean exists = Publication.exists(source, config.publication());
    if (config.ownsPublication() && exists) {
      findings.error(
          null,
          "the source has a publication "
              + config.publication()
              + " already, but the store knows no such mirror",
          "drop it if nothing uses it");
    }
  }
}
