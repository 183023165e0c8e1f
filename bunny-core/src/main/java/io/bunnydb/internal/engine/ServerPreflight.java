package io.bunnydb.internal.engine;

import io.bunnydb.internal.catalog.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * Checks what either server is, and how its database differs from the other's.
 *
 * @param source a connection to the source
 * @param destination a connection to the destination
 */
record ServerPreflight(Connection source, Connection destination) {
  private static final int OLDEST_MAJOR = 14;

  // The columns have come with the versions, and changed their names.
  private static final String LOCALE =
      """
      SELECT pg_catalog.pg_encoding_to_char(d.encoding),
             pg_catalog.concat_ws(' ', d.datcollate, d.datctype,
               coalesce(j ->> 'datlocale', j ->> 'daticulocale'))
      FROM pg_catalog.pg_database d CROSS JOIN LATERAL pg_catalog.to_jsonb(d) AS j
      WHERE d.datname = pg_catalog.current_database()
      """;

  private record Locale(String encoding, String collation) {}

  /** Adds versions that are too old; nothing else can be asked of such a server. */
  void checkVersions(Findings findings) throws SQLException {
    checkVersion("source", source, findings);
    checkVersion("destination", destination, findings);
  }

  private static void checkVersion(String side, Connection connection, Findings findings)
      throws SQLException {
    int major = connection.getMetaData().getDatabaseMajorVersion();
    if (major < OLDEST_MAJOR) {
      findings.error(
          null,
          "the " + side + " is PostgreSQL " + major,
          "it must be " + OLDEST_MAJOR + " or later");
    }
  }

  /**
   * Adds what keeps a server from its part.
   *
   * @return whether the source can have slots, as a standby or one without logical log cannot
   */
  boolean checkRoles(Findings findings) throws SQLException {
    if (isStandby(destination)) {
      findings.error(null, "the destination is a standby", "connect to the primary");
    }
    if (isStandby(source)) {
      findings.error(null, "the source is a standby", "connect to the primary");
      return false;
    }
    String walLevel = Sql.queryText(source, "SHOW wal_level");
    if (!"logical".equals(walLevel)) {
      findings.error(null, "wal_level on the source is " + walLevel, logicalLevel());
    }
    return true;
  }

  private static boolean isStandby(Connection connection) throws SQLException {
    return Sql.queryBoolean(connection, "SELECT pg_catalog.pg_is_in_recovery()");
  }

  /** Services without a superuser have a switch of their own for it. */
  private String logicalLevel() throws SQLException {
    if (setting("rds.logical_replication") != null) {
      return "set rds.logical_replication = 1 in the parameter group and restart the source";
    }
    if (setting("cloudsql.logical_decoding") != null) {
      return "set the flag cloudsql.logical_decoding = on and restart the source";
    }
    return "set wal_level = logical and restart the source";
  }

  private @Nullable String setting(String name) throws SQLException {
    return Sql.queryText(source, "SELECT pg_catalog.current_setting(?, true)", name);
  }

  /**
   * Adds differences between the databases by which text can fail to arrive, or sorts otherwise.
   */
  void checkLocales(Findings findings) throws SQLException {
    Locale from = locale(source);
    Locale to = locale(destination);
    if (from.encoding().equals("SQL_ASCII")) {
      findings.warning(
          null,
          "the source's encoding is SQL_ASCII, which takes any bytes, and text that is not UTF-8"
              + " cannot be sent",
          "see that all of it is UTF-8");
    } else if (!to.encoding().equals(from.encoding()) && !to.encoding().equals("UTF8")) {
      findings.warning(
          null,
          "the destination's encoding is "
              + to.encoding()
              + ", and the source's "
              + from.encoding()
              + "; a character that the destination lacks pauses the mirror",
          "mirror into a database of ENCODING 'UTF8'");
    }
    if (!to.collation().equals(from.collation())) {
      findings.warning(
          null,
          "text sorts by locale "
              + to.collation()
              + " on the destination and by "
              + from.collation()
              + " on the source, so that queries can answer in another order",
          "mirror into a database of the source's locale, if that matters");
    }
  }

  private static Locale locale(Connection connection) throws SQLException {
    return Sql.query(connection, LOCALE, row -> new Locale(row.getString(1), row.getString(2)))
        .get(0);
  }
}
