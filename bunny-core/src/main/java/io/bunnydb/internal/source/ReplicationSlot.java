package io.bunnydb.internal.source;

import io.bunnydb.Lsn;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.StopSignal;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A logical replication slot, as {@code pg_replication_slots} shows it.
 *
 * @param name its name
 * @param plugin its output plugin
 * @param database its database
 * @param isActive whether a connection streams from it
 * @param confirmedFlush the position up to which changes were acknowledged; null if not set
 * @param restart from where on the source keeps its log for the slot; null where it keeps none
 * @param safeWalBytes how much can be written before the slot may be lost; null where unlimited
 * @param isEndangered whether its log may be removed at the next checkpoint ({@code unreserved})
 * @param invalidation why it is invalid, in the server's word, such as {@code wal_removed} or
 *     {@code idle_timeout}; null if it is not
 */
public record ReplicationSlot(
    String name,
    @Nullable String plugin,
    @Nullable String database,
    boolean isActive,
    @Nullable Lsn confirmedFlush,
    @Nullable Lsn restart,
    @Nullable Long safeWalBytes,
    boolean isEndangered,
    @Nullable String invalidation) {

  /** The output plugin that Bunny reads. */
  public static final String PLUGIN = "pgoutput";

  private static final long RELEASE_POLL_MILLIS = 10;

  /** The slot of that name; empty where there is none. */
  public static Optional<ReplicationSlot> find(Connection source, String name) throws SQLException {
    return Sql.query(
            source,
            """
            SELECT plugin, database, active, confirmed_flush_lsn::text, restart_lsn::text,
                   safe_wal_size, wal_status = 'unreserved',
                   CASE WHEN wal_status = 'lost' THEN
                     coalesce(to_jsonb(s) ->> 'invalidation_reason', 'wal_removed') END
            FROM pg_catalog.pg_replication_slots s WHERE slot_name = ?
            """,
            row -> read(name, row),
            name)
        .stream()
        .findFirst();
  }

  /** Whether it gives the changes of a database by a plugin. */
  public boolean isOf(String ofDatabase, String byPlugin) {
    return byPlugin.equals(plugin) && ofDatabase.equals(database);
  }

  private static ReplicationSlot read(String name, ResultSet row) throws SQLException {
    long safeBytes = row.getLong(6);
    boolean isLimited = !row.wasNull();
    return new ReplicationSlot(
        name,
        row.getString(1),
        row.getString(2),
        row.getBoolean(3),
        lsn(row.getString(4)),
        lsn(row.getString(5)),
        isLimited ? safeBytes : null,
        row.getBoolean(7),
        row.getString(8));
  }

  private static @Nullable Lsn lsn(@Nullable String text) {
    return text == null ? null : Lsn.parse(text);
  }

  /**
   * Makes a durable slot. Waits for the end of the transactions that are writing at this moment.
   *
   * @param isForFailover whether the source's standbys are to have it too; from PostgreSQL 17 on
   * @return the position from which it gives every change
   */
  public static Lsn create(Connection source, String name, boolean isForFailover)
      throws SQLException {
    String lsn = Sql.queryText(source, createSql(name, isForFailover));
    if (lsn == null) {
      throw new SQLException("pg_create_logical_replication_slot gave no position");
    }
    return Lsn.parse(lsn);
  }

  /** Whether the source's standbys are to have a slot, too, and are waited for by who reads it. */
  public static boolean isForFailover(Connection source, String name) throws SQLException {
    return Sql.queryBoolean(
        source,
        """
        SELECT EXISTS (SELECT FROM pg_catalog.pg_replication_slots s
                       WHERE slot_name = ? AND to_jsonb(s) ->> 'failover' = 'true')
        """,
        name);
  }

  /** A name for a slot that lives as long as a connection; no other has it. */
  static String temporaryName() {
    return "bunny_copy_"
        + Long.toHexString(ThreadLocalRandom.current().nextLong()).toLowerCase(Locale.ROOT);
  }

  /** The SQL that makes a durable slot and gives its position. */
  public static String createSql(String name, boolean isForFailover) {
    return "SELECT lsn::text FROM pg_catalog.pg_create_logical_replication_slot("
        + Sql.literal(name)
        + ", "
        + Sql.literal(PLUGIN)
        + (isForFailover ? ", failover => true)" : ")");
  }

  /**
   * Waits until nothing streams from a slot: the server needs a moment to notice that a connection
   * has ended. Returns when it is free or gone, or the time is over.
   */
  public static void awaitRelease(Connection source, String name, Duration timeout, StopSignal stop)
      throws SQLException, InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (find(source, name).map(ReplicationSlot::isActive).orElse(false)) {
      stop.check();
      if (System.nanoTime() > deadline) {
        return;
      }
      TimeUnit.MILLISECONDS.sleep(RELEASE_POLL_MILLIS);
    }
  }

  /** Drops a slot, if it is there; a slot in use is refused by the server (SQLSTATE 55006). */
  public static void drop(Connection source, String name) throws SQLException {
    Sql.queryText(
        source,
        """
        SELECT pg_catalog.pg_drop_replication_slot(slot_name)::text
        FROM pg_catalog.pg_replication_slots WHERE slot_name = ?
        """,
        name);
  }
}
