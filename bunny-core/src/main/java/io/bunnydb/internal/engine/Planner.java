package io.bunnydb.internal.engine;

import io.bunnydb.ErrorKind;
import io.bunnydb.MirrorPlan;
import io.bunnydb.TableMapping;
import io.bunnydb.internal.apply.WriterSettings;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.ErrorKinds;
import io.bunnydb.internal.catalog.PeerConnector;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.catalog.TableSize;
import io.bunnydb.spi.Checkpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/**
 * Makes the plan of a mirror by the checks of a start, over connections of its own. It does not
 * become the mirror's owner, and what it tries is rolled back. Used by one thread.
 */
public final class Planner {
  private static final String ROLE = "plan";

  private final MirrorConfig config;
  private final PeerConnector connector;
  private final Connection source;
  private final Connection destination;

  private Planner(
      MirrorConfig config, PeerConnector connector, Connection source, Connection destination) {
    this.config = config;
    this.connector = connector;
    this.source = source;
    this.destination = destination;
  }

  /**
   * Makes the plan.
   *
   * @throws io.bunnydb.MirrorException if a side cannot be reached or asked
   */
  public static MirrorPlan plan(MirrorConfig config) {
    PeerConnector from = new PeerConnector(config.name(), config.source());
    PeerConnector to = new PeerConnector(config.name(), config.destination());
    try (Connection source = from.open(ROLE);
        Connection destination = to.open(ROLE)) {
      WriterSettings.prepare(destination);
      return new Planner(config, from, source, destination).plan();
    } catch (SQLException e) {
      throw Faults.describe(config.name(), e);
    }
  }

  private MirrorPlan plan() throws SQLException {
    Optional<Checkpoint> known;
    try {
      known = config.store().load(config.name(), destination);
    } catch (SQLException e) {
      if (ErrorKinds.ofSqlState(e.getSQLState()) == ErrorKind.PRIVILEGE) {
        return planWithoutCheckpoint(e);
      }
      throw e;
    }
    return known.isPresent() ? planKnown(new KnownMirror(config, known.get())) : planNew();
  }

  /** Whether the mirror is new cannot be told; nor does a start get further. */
  private MirrorPlan planWithoutCheckpoint(SQLException refusal) throws SQLException {
    Findings findings = new Findings();
    List<String> grants = config.store().grants(config.destination().user(), destination);
    findings.error(
        null,
        "the checkpoint cannot be read: " + refusal.getMessage(),
        grants.isEmpty() ? "let the store's role read it" : String.join("; ", grants));
    return plan(true, findings, new PlannedSql(), List.of());
  }

  private MirrorPlan planNew() throws SQLException {
    Preflight preflight = new Preflight(config, connector, source, destination);
    preflight.run(new StopSignal());
    new ConstraintPlan(config, source, destination)
        .add(config.tables(), preflight.findings(), preflight.sql());
    List<TableMapping> copied = config.options().initialSnapshot() ? config.tables() : List.of();
    return plan(true, preflight.findings(), preflight.sql(), copied);
  }

  private MirrorPlan planKnown(KnownMirror mirror) throws SQLException {
    Findings findings = new Findings();
    PlannedSql sql = new PlannedSql();
    mirror.check(connector, source, destination, findings, sql, new StopSignal());
    new ConstraintPlan(config, source, destination).add(mirror.mappings(), findings, sql);
    return plan(false, findings, sql, mirror.tablesToCopy());
  }

  private MirrorPlan plan(
      boolean isNew, Findings findings, PlannedSql sql, List<TableMapping> copied)
      throws SQLException {
    long rows = 0;
    long bytes = 0;
    for (TableMapping mapping : copied) {
      Optional<Table> table = Catalog.table(source, mapping.source());
      if (table.isPresent()) {
        TableSize size = TableSize.of(source, table.get());
        rows += size.rows();
        bytes += size.bytes();
        if (!size.isCounted()) {
          findings.note(
              mapping.source(),
              "the rows of table " + mapping.source() + " were never counted, and are left out",
              "ANALYZE " + mapping.source().toSql());
        }
      }
    }
    return new MirrorPlan(
        config.name(), isNew, findings.all(), sql.source(), sql.destination(), rows, bytes);
  }
}
