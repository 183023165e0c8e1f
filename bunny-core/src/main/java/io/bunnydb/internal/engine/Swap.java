package io.bunnydb.internal.engine;

import io.bunnydb.CopyException;
import io.bunnydb.ErrorKind;
import io.bunnydb.TableName;
import io.bunnydb.internal.apply.Ownership;
import io.bunnydb.internal.apply.RowMerge;
import io.bunnydb.internal.apply.WriterSettings;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.ErrorKinds;
import io.bunnydb.internal.catalog.ServerMessage;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.schema.ShadowTable;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The end of a resync by swap: one transaction in which tables get the rows of their shadows, and
 * the checkpoint says up to which position. It sees the shadows as they are at that position, while
 * the stream goes on beside it, to the shadows too; so what comes meanwhile is read once more, for
 * the tables. They keep their OIDs, and nothing that depends on them is touched.
 */
final class Swap {
  private final MirrorContext context;
  private final String mirror;
  private final List<MirroredTable> tables;
  private final StopSignal stop;
  private final int ownerPid;
  private final CheckpointStore store;
  private final CountDownLatch stopped = new CountDownLatch(1);

  /** A table that stands still, and its shadow, as the catalog has them. */
  private record Pair(MirroredTable table, TableCheckpoint checkpoint, Table target, Table shadow) {
    boolean fits() {
      return ShadowTable.fits(table, target, shadow);
    }
  }

  /**
   * A swap; nothing is begun.
   *
   * @param tables the checkpoint's tables, as they are on the source
   * @param stop ends the work
   * @param ownerPid process id of the destination session that owns the mirror
   */
  Swap(MirrorContext context, List<MirroredTable> tables, StopSignal stop, int ownerPid) {
    this.context = context;
    this.mirror = context.config().name();
    this.tables = tables;
    this.stop = stop;
    this.ownerPid = ownerPid;
    this.store = context.destination().store();
    stop.onStop(stopped::countDown);
  }

  /**
   * Does it, as often as it takes to get the locks; returns when it is committed, or where a table
   * has been altered, so that its shadow is of no use any more.
   *
   * @throws CopyException if the destination refuses the rows
   */
  void run() throws SQLException, InterruptedException {
    try (Connection connection = context.destinationPeer().open("swap")) {
      stop.guard(connection);
      try {
        run(connection);
      } finally {
        stop.release(connection);
      }
    }
  }

  private void run(Connection connection) throws SQLException, InterruptedException {
    boolean isSilent = WriterSettings.prepare(connection);
    // Whole tables are held against each other.
    WriterSettings.readWholeTables(connection);
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    Set<TableName> shadows = ShadowTable.all(connection, mirror);
    // One that was just filled has no statistics, and the wrong plan would take for ever.
    for (TableName shadow : shadows) {
      Sql.execute(connection, "ANALYZE " + shadow.toSql());
    }
    connection.setAutoCommit(false);
    Backoff backoff = new Backoff();
    while (!runOnce(connection, shadows, isSilent)) {
      if (stopped.await(backoff.next().toMillis(), TimeUnit.MILLISECONDS)) {
        stop.check();
      }
    }
  }

  /** Whether it is done; not where another session was in the way. */
  private boolean runOnce(Connection connection, Set<TableName> shadows, boolean isSilent)
      throws SQLException {
    try {
      attempt(connection, shadows, isSilent);
      return true;
    } catch (SQLException e) {
      stop.check();
      if (ErrorKinds.ofSqlState(e.getSQLState()) != ErrorKind.CONTENTION) {
        throw e;
      }
      connection.rollback();
      context.warn(
          "the swap waits for another session, and is tried again: " + ServerMessage.of(e),
          Map.of("sqlState", String.valueOf(e.getSQLState())));
      return false;
    }
  }

  private void attempt(Connection connection, Set<TableName> shadows, boolean isSilent)
      throws SQLException {
    // Kept elsewhere than in the destination it counts: the shadows may be further, not less far.
    Checkpoint before = load(connection);
    connection.commit();
    lock(connection, before, shadows);
    Ownership.joinAsHelper(connection, mirror, ownerPid);
    Checkpoint seen = store.joinsDestination() ? load(connection) : before;
    List<Pair> pairs = pairs(connection, seen);
    if (!SwapRules.isDue(seen) || !pairs.stream().allMatch(Pair::fits)) {
      connection.rollback();
      return;
    }
    if (!isSilent) {
      Sql.execute(connection, "SET CONSTRAINTS ALL DEFERRED");
    }
    List<String> done = new ArrayList<>();
    for (Pair pair : pairs) {
      RowMerge.Changes changes = merge(connection, pair, seen);
      done.add(
          pair.table().mapping().destination()
              + " ("
              + changes.inserted()
              + " rows inserted, "
              + changes.updated()
              + " updated, "
              + changes.deleted()
              + " deleted)");
    }
    commit(connection, pairs, seen);
    context.note("swapped in as of " + seen.position() + ": " + String.join(", ", done));
    pairs.forEach(pair -> context.lifecycle().copied(pair.table().mapping().source()));
  }

  private Checkpoint load(Connection connection) throws SQLException {
    Optional<Checkpoint> found = store.load(mirror, connection);
    return found.orElseThrow(() -> new SQLException("the mirror's checkpoint is gone", "55000"));
  }

  /**
   * Comes before the snapshot: a TRUNCATE, or a commit of another session, that were waited for
   * would not show in it.
   */
  private static void lock(Connection connection, Checkpoint checkpoint, Set<TableName> shadows)
      throws SQLException {
    Sql.execute(connection, "SET LOCAL lock_timeout = '5s'");
    for (TableCheckpoint table : checkpoint.tables()) {
      if (SwapRules.standsStill(table)) {
        lock(connection, table.mapping().destination(), "ROW EXCLUSIVE");
      }
    }
    for (TableName shadow : shadows) {
      lock(connection, shadow, "ACCESS SHARE");
    }
  }

  private static void lock(Connection connection, TableName table, String mode)
      throws SQLException {
    Sql.execute(connection, "LOCK TABLE ONLY " + table.toSql() + " IN " + mode + " MODE");
  }

  private List<Pair> pairs(Connection connection, Checkpoint checkpoint) throws SQLException {
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < tables.size(); i++) {
      TableCheckpoint table = checkpoint.tables().get(i);
      if (SwapRules.standsStill(table)) {
        Table target = table(connection, table.mapping().destination());
        Table shadow = table(connection, ShadowTable.name(target));
        pairs.add(new Pair(tables.get(i), table, target, shadow));
      }
    }
    return pairs;
  }

  private static Table table(Connection connection, TableName name) throws SQLException {
    return Catalog.table(connection, name)
        .orElseThrow(() -> new SQLException("destination table " + name + " is gone", "42P01"));
  }

  private RowMerge.Changes merge(Connection connection, Pair pair, Checkpoint seen)
      throws SQLException {
    try {
      return new RowMerge(connection, pair.target(), pair.shadow(), pair.table().columnNames())
          .run();
    } catch (SQLException e) {
      stop.check();
      ErrorKind kind = ErrorKinds.ofSqlState(e.getSQLState());
      // Room that a comparison lacks it will lack again, while the source keeps its log for it.
      boolean isLasting = kind == ErrorKind.RESOURCES;
      if (kind.passesWithTime() && !isLasting) {
        throw e;
      }
      throw new CopyException(
          mirror,
          pair.table().mapping().source(),
          seen.position(),
          "the rows that were copied again could not be swapped in; " + ServerMessage.of(e),
          isLasting ? null : e);
    }
  }

  private void commit(Connection connection, List<Pair> pairs, Checkpoint seen)
      throws SQLException {
    if (!store.joinsDestination()) {
      connection.commit();
    }
    for (Pair pair : pairs) {
      store.saveTable(mirror, SwapRules.end(pair.checkpoint(), seen.position()), connection);
    }
    connection.commit();
  }
}
