package io.bunnydb.internal.snapshot;

import io.bunnydb.CopyException;
import io.bunnydb.TableState;
import io.bunnydb.internal.apply.Ownership;
import io.bunnydb.internal.apply.TableProgress;
import io.bunnydb.internal.apply.WriterSettings;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.PeerConnector;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.source.ExportedSnapshot;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyManager;
import org.postgresql.copy.CopyOut;

/**
 * Copies tables, one after the other, over one connection to either side. Used by one thread.
 *
 * <p>The bytes of the source's {@code COPY} are passed through: in binary form where the types mean
 * the same on both servers, else as text. The server sends a row per message ("COPY Operations" in
 * the PostgreSQL documentation), so that messages tell the progress.
 */
final class TableCopier implements AutoCloseable {
  private static final String SERIALIZATION_FAILURE = "40001";
  private static final int CHUNK_BYTES = 64 << 10;
  private static final long PROGRESS_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final String mirror;
  private final ExportedSnapshot snapshot;
  private final CheckpointStore store;
  private final StopSignal stop;
  private final int ownerPid;
  private final ProgressListener listener;
  private final Connection source;
  private final Connection destination;
  private final byte[] chunk = new byte[CHUNK_BYTES];
  private int chunkLength;

  /** Hears of a table's progress. */
  interface ProgressListener {
    /** The counts of a table have changed. */
    void onProgress(TableProgress table);
  }

  TableCopier(
      String mirror,
      ExportedSnapshot snapshot,
      PeerConnector sourceConnector,
      PeerConnector destinationConnector,
      CheckpointStore store,
      StopSignal stop,
      int ownerPid,
      ProgressListener listener)
      throws SQLException {
    this.mirror = mirror;
    this.snapshot = snapshot;
    this.store = store;
    this.stop = stop;
    this.ownerPid = ownerPid;
    this.listener = listener;
    source = sourceConnector.open("copy");
    try {
      destination = destinationConnector.open("copy");
      try {
        WriterSettings.prepare(destination);
        destination.setAutoCommit(false);
        snapshot.beginOn(source);
        stop.guard(destination);
        stop.guard(source);
      } catch (SQLException | RuntimeException e) {
        stop.release(destination);
        destination.close();
        throw e;
      }
    } catch (SQLException | RuntimeException e) {
      source.close();
      throw e;
    }
  }

  /** Copies one table and notes in the checkpoint that it is there, in one transaction. */
  void copy(SnapshotCopy.Job job) {
    MirroredTable table = job.table();
    TableProgress progress = job.progress();
    try {
      Ownership.joinAsHelper(destination, mirror, ownerPid);
      Table target =
          Catalog.table(destination, table.mapping().destination())
              .orElseThrow(() -> new SQLException("the destination table is gone", "42P01"));
      empty(target);
      progress.copyBegins(table.table().estimatedRows());
      listener.onProgress(progress);
      progress.copied(transfer(table, target, progress));
      TableCheckpoint copied = job.checkpoint().withState(TableState.COPIED, snapshot.lsn());
      if (store.joinsDestination()) {
        store.saveTable(mirror, copied, destination);
        destination.commit();
      } else {
        destination.commit();
        store.saveTable(mirror, copied, destination);
      }
      progress.moveTo(TableState.COPIED);
      listener.onProgress(progress);
    } catch (SQLException e) {
      stop.check();
      throw new CopyException(
          mirror,
          table.mapping().source(),
          snapshot.lsn(),
          "copying failed, nothing of it was kept; " + e.getMessage(),
          e);
    }
  }

  /**
   * The table is the mirror's from the moment it was accepted: rows there are of an earlier copy
   * whose end was not noted, or of a mapping that was replaced.
   */
  private void empty(Table target) throws SQLException {
    if (!Sql.queryBoolean(destination, "SELECT EXISTS (SELECT FROM " + target.toSql() + ")")) {
      return;
    }
    boolean isReferenced =
        Sql.queryBoolean(
            destination,
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_constraint"
                + " WHERE contype = 'f' AND confrelid = CAST(? AS oid))",
            target.oid());
    Sql.execute(destination, (isReferenced ? "DELETE FROM " : "TRUNCATE ") + target.toSql());
  }

  /**
   * An ALTER TABLE that rewrites the table leaves nothing for snapshots taken before it to see.
   * From here on it cannot happen any more; if it has, another snapshot is needed.
   */
  private void lockAgainstRewrite(Table table) throws SQLException {
    Sql.execute(source, "LOCK TABLE " + table.toSql() + " IN ACCESS SHARE MODE");
    refuseOther(table);
    boolean isRewritten =
        Sql.queryBoolean(
            source,
            """
            SELECT count(*) > 0 FROM pg_catalog.pg_class c
            WHERE c.relfilenode <> pg_catalog.pg_relation_filenode(c.oid) AND (c.oid = CAST(? AS oid)
              OR c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree(CAST(? AS oid)::regclass)))
            """,
            table.oid(),
            table.oid());
    if (isRewritten) {
      throw new SQLException(
          "the table was rewritten after the snapshot was taken; it is copied under a new one",
          SERIALIZATION_FAILURE);
    }
  }

  /**
   * Another table may have taken the name since; what the snapshot shows of it is not the source.
   */
  private void refuseOther(Table table) throws SQLException {
    long found = Catalog.table(source, table.name()).map(Table::oid).orElse(0L);
    if (found != table.oid()) {
      throw new SQLException(
          "the table was renamed, dropped or made anew after the mirror looked it up; it is tried again",
          SERIALIZATION_FAILURE);
    }
  }

  private long transfer(MirroredTable table, Table target, TableProgress progress)
      throws SQLException {
    // So that the table is not locked for as long as the others take.
    Savepoint before = source.setSavepoint();
    lockAgainstRewrite(table.table());
    String format = isBinary(table, target) ? " (FORMAT binary)" : " (FORMAT text)";
    String columns = Sql.identifiers(table.columnNames());
    String filter = table.mapping().filter();
    CopyOut from =
        copyApi(source)
            .copyOut(
                "COPY (SELECT "
                    + columns
                    + " FROM "
                    + table.table().toSql()
                    + (filter == null ? "" : " WHERE (" + filter + ")")
                    + ") TO STDOUT"
                    + format);
    CopyIn to =
        copyApi(destination)
            .copyIn(
                "COPY "
                    + table.mapping().destination().toSql()
                    + (columns.isEmpty() ? "" : " (" + columns + ")")
                    + " FROM STDIN"
                    + format);
    try {
      pass(from, to, progress);
      long written = to.endCopy();
      if (written != from.getHandledRowCount()) {
        throw new SQLException(
            "the source sent "
                + from.getHandledRowCount()
                + " rows, the destination took "
                + written
                + "; is there a trigger or rule on it?");
      }
      source.rollback(before);
      return written;
    } catch (SQLException | RuntimeException e) {
      cancel(from, to, e);
      throw e;
    }
  }

  private void pass(CopyOut from, CopyIn to, TableProgress progress) throws SQLException {
    long rows = 0;
    long lastProgress = System.nanoTime();
    chunkLength = 0;
    for (byte[] row = from.readFromCopy(); row != null; row = from.readFromCopy()) {
      rows++;
      write(to, row);
      if ((rows & 0xFF) == 0 && System.nanoTime() - lastProgress > PROGRESS_NANOS) {
        lastProgress = System.nanoTime();
        stop.check();
        progress.copied(rows);
        listener.onProgress(progress);
      }
    }
    flush(to);
  }

  private void write(CopyIn to, byte[] row) throws SQLException {
    if (chunkLength + row.length > CHUNK_BYTES) {
      flush(to);
    }
    if (row.length > CHUNK_BYTES) {
      to.writeToCopy(row, 0, row.length);
      return;
    }
    System.arraycopy(row, 0, chunk, chunkLength, row.length);
    chunkLength += row.length;
  }

  private void flush(CopyIn to) throws SQLException {
    if (chunkLength > 0) {
      to.writeToCopy(chunk, 0, chunkLength);
      chunkLength = 0;
    }
  }

  private static void cancel(CopyOut from, CopyIn to, Exception cause) {
    try {
      if (to.isActive()) {
        to.cancelCopy();
      }
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
    try {
      if (from.isActive()) {
        from.cancelCopy();
      }
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }

  /** Whether each column has one type on both sides whose binary form means the same there. */
  private static boolean isBinary(MirroredTable table, Table target) {
    for (Column column : table.columns()) {
      Column other = target.column(column.name());
      if (other == null || !column.isBinaryPortable() || other.typeOid() != column.typeOid()) {
        return false;
      }
    }
    return true;
  }

  private static CopyManager copyApi(Connection connection) throws SQLException {
    return connection.unwrap(PGConnection.class).getCopyAPI();
  }

  @Override
  public void close() throws SQLException {
    stop.release(source);
    stop.release(destination);
    try (source;
        destination) {
      // Closed in reverse, the second even if the first fails; open transactions end with them.
      chunkLength = 0;
    }
  }
}
