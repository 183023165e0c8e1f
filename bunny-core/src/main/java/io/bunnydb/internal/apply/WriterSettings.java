package io.bunnydb.internal.apply;

import io.bunnydb.internal.catalog.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Collectors;

/** Settings of a session that writes mirrored rows. */
public final class WriterSettings {
  private static final String INVALID_PARAMETER_VALUE = "22023";
  private static final String INSUFFICIENT_PRIVILEGE = "42501";

  // Services keep superusers to themselves, and let their administrators do some of what those may,
  // by ways that no catalog shows.
  private static final String IS_SERVICE_ADMINISTRATOR =
      """
      SELECT EXISTS (SELECT FROM pg_catalog.pg_roles
                     WHERE rolname IN ('rds_superuser', 'cloudsqlsuperuser', 'azure_pg_admin')
                       AND pg_catalog.pg_has_role(oid, 'MEMBER'))
      """;

  private static final List<String> PLANS_OF_WHOLE_TABLES =
      List.of("enable_hashjoin", "enable_mergejoin", "enable_seqscan", "enable_bitmapscan", "jit");

  private WriterSettings() {}

  /**
   * Prepares a session in autocommit mode.
   *
   * <p>Triggers, rules and foreign keys are the source's business and rest here, as they do for a
   * subscription, where the role may say so. A process that died must not own the mirror for as
   * long as its last statement waits for a lock, so the server looks after its client; and one
   * whose machine or network is gone for no more than some seconds, so the server asks over the
   * connection whether that one is still there.
   *
   * @return whether triggers and foreign keys rest
   */
  public static boolean prepare(Connection session) throws SQLException {
    waitForCommits(session);
    watchClient(session);
    findByKeys(session);
    if (!canSilenceTriggers(session)) {
      return false;
    }
    Sql.execute(session, "SET session_replication_role = replica");
    return true;
  }

  /**
   * Has each commit wait until it is durable: a server that commits asynchronously by default is
   * overruled; stronger settings are kept.
   */
  static void waitForCommits(Connection session) throws SQLException {
    Sql.execute(session, "RESET synchronous_commit");
    Sql.execute(
        session,
        "SELECT pg_catalog.set_config('synchronous_commit', 'on', false)"
            + " WHERE pg_catalog.current_setting('synchronous_commit') = 'off'");
  }

  /**
   * Has rows looked up by the index of their key, in the order of the keys, however few rows the
   * statistics tell of: a table that was just copied has none, and a plan that reads the whole
   * table costs more the larger it gets. Such plans are not worth being compiled, either, which the
   * server would do for their number of rows.
   */
  private static void findByKeys(Connection session) throws SQLException {
    setPlans(session, "SET ", "off");
  }

  /**
   * Lets a session that was prepared read whole tables as the server is set: until the end of the
   * transaction, or for good in autocommit mode.
   */
  public static void readWholeTables(Connection session) throws SQLException {
    setPlans(session, session.getAutoCommit() ? "SET " : "SET LOCAL ", "DEFAULT");
  }

  private static void setPlans(Connection session, String set, String value) throws SQLException {
    Sql.execute(
        session,
        PLANS_OF_WHOLE_TABLES.stream()
            .map(plan -> set + plan + " = " + value)
            .collect(Collectors.joining("; ")));
  }

  private static void watchClient(Connection session) throws SQLException {
    // Together eight seconds, whether the connection is silent or something was sent.
    Sql.execute(
        session,
        "SET tcp_keepalives_idle = 4; SET tcp_keepalives_interval = 1;"
            + " SET tcp_keepalives_count = 4; SET tcp_user_timeout = '8s'");
    try {
      Sql.execute(session, "SET client_connection_check_interval = '2s'");
    } catch (SQLException e) {
      // The server's platform cannot tell whether a client is still there.
      if (!INVALID_PARAMETER_VALUE.equals(e.getSQLState())) {
        throw e;
      }
    }
  }

  /** Whether the role of a session in autocommit mode may set {@code session_replication_role}. */
  public static boolean canSilenceTriggers(Connection session) throws SQLException {
    boolean isSuperuser =
        Sql.queryBoolean(
            session, "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user");
    return isSuperuser
        || (session.getMetaData().getDatabaseMajorVersion() >= 15
            && Sql.queryBoolean(
                session,
                "SELECT pg_catalog.has_parameter_privilege('session_replication_role', 'SET')"))
        || (Sql.queryBoolean(session, IS_SERVICE_ADMINISTRATOR) && isSettingAccepted(session));
  }

  /** Sets it to what it is. */
  private static boolean isSettingAccepted(Connection session) throws SQLException {
    try {
      Sql.execute(
          session,
          "SELECT pg_catalog.set_config('session_replication_role',"
              + " pg_catalog.current_setting('session_replication_role'), false)");
      return true;
    } catch (SQLException e) {
      if (!INSUFFICIENT_PRIVILEGE.equals(e.getSQLState())) {
        throw e;
      }
      return false;
    }
  }
}
