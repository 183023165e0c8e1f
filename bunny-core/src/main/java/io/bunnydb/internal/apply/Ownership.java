package io.bunnydb.internal.apply;

import io.bunnydb.MirrorOwnedException;
import io.bunnydb.internal.catalog.Sql;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The right to write for a mirror, held by the sessions that write ("Advisory Locks" in the
 * PostgreSQL documentation).
 *
 * <p>The applying session holds the mirror's owner lock for as long as it lives, so that no second
 * process can apply while it could still commit, however broken the network is. Each further
 * session that writes, to copy a table or to apply a transaction in progress, holds the helper lock
 * in shared mode for its transaction; a new owner waits until those of the last one are gone.
 */
public final class Ownership {
  // A lock by one 64-bit key shows as its two halves, with objsubid 1 ("pg_locks" in the PostgreSQL
  // documentation).
  private static final String IS_OWNER =
      """
      l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
        AND l.database = (SELECT oid FROM pg_catalog.pg_database
                          WHERE datname = pg_catalog.current_database())
        AND (l.classid::bigint << 32 | l.objid::bigint) = ?
      """;

  private Ownership() {}

  /**
   * Makes a session the mirror's owner, for the session's life.
   *
   * @param session a session in autocommit mode
   * @param wait how long to wait for a session that is just ending
   * @throws MirrorOwnedException if another session is the owner
   */
  public static void acquire(Connection session, String mirror, Duration wait) throws SQLException {
    try {
      Sql.execute(session, "SET lock_timeout = '" + wait.toMillis() + "ms'");
      Sql.execute(session, "SELECT pg_catalog.pg_advisory_lock(" + key(mirror, "owner") + ")");
      Sql.execute(session, "SELECT pg_catalog.pg_advisory_lock(" + key(mirror, "helper") + ")");
      Sql.execute(session, "SELECT pg_catalog.pg_advisory_unlock(" + key(mirror, "helper") + ")");
      Sql.execute(session, "SET lock_timeout = 0");
    } catch (SQLException e) {
      if ("55P03".equals(e.getSQLState())) {
        throw new MirrorOwnedException(
            mirror,
            "it runs already, as "
                + owner(session, mirror)
                + "; close that one first, or wait until the server notices that it is gone",
            null);
      }
      throw e;
    }
  }

  /**
   * Joins the owner's helpers until the end of the session's transaction.
   *
   * @param ownerPid process id of the session that this process takes for the owner
   * @throws SQLException if that session is not the owner any more
   */
  public static void joinAsHelper(Connection session, String mirror, int ownerPid)
      throws SQLException {
    Sql.execute(
        session, "SELECT pg_catalog.pg_advisory_xact_lock_shared(" + key(mirror, "helper") + ")");
    if (!isOwner(session, mirror, ownerPid)) {
      throw new SQLException(
          "the session that owned the mirror has ended while another wrote for it", "08006");
    }
  }

  /**
   * Whether a session owns the mirror.
   *
   * @param asked any session of the server that is asked
   * @param pid process id of the session in question
   */
  public static boolean isOwner(Connection asked, String mirror, int pid) throws SQLException {
    return Sql.queryBoolean(
        asked,
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid = ? AND " + IS_OWNER + ")",
        pid,
        key(mirror, "owner"));
  }

  /**
   * Waits until helpers of before have ended, so that what they commit is in the checkpoint. One
   * whose connection broke may still be committing.
   *
   * @param owner the owner's session, not in autocommit mode and with no transaction open
   * @throws SQLException if they do not end soon
   */
  public static void awaitHelpers(Connection owner, String mirror, Duration wait)
      throws SQLException {
    Sql.execute(owner, "SET LOCAL lock_timeout = '" + wait.toMillis() + "ms'");
    Sql.execute(owner, "SELECT pg_catalog.pg_advisory_xact_lock(" + key(mirror, "helper") + ")");
    owner.commit();
  }

  private static String owner(Connection session, String mirror) throws SQLException {
    String owner = findOwner(session, mirror);
    return owner == null ? "a session that cannot be seen" : owner;
  }

  /** Who owns a mirror: the session's name, process id and address; null where nobody does. */
  public static @Nullable String findOwner(Connection session, String mirror) throws SQLException {
    return Sql.queryText(
        session,
        """
        SELECT pg_catalog.format('"%s", pid %s, from %s since %s', a.application_name, a.pid,
                 coalesce(a.client_addr::text, 'the server itself'), a.backend_start)
        FROM pg_catalog.pg_locks l
        JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
        WHERE
        """
            + IS_OWNER,
        key(mirror, "owner"));
  }

  private static long key(String mirror, String role) {
    try {
      byte[] text = ("bunny " + role + " " + mirror).getBytes(StandardCharsets.UTF_8);
      return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(text)).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
