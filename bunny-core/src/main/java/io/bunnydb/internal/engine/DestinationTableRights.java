package io.bunnydb.internal.engine;

import io.bunnydb.Peer;
import io.bunnydb.TableName;
import io.bunnydb.internal.apply.WriterSettings;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import java.sql.Connection;
import java.sql.SQLException;

/** Checks whether the role may write a destination table that exists, and nothing interferes. */
final class DestinationTableRights {
  private static final int FIRST_WITH_PARAMETER_PRIVILEGES = 15;

  // A table with its partitions.
  private static final String TARGET =
      """
      WITH target AS (
        SELECT c.oid FROM pg_catalog.pg_class c WHERE c.oid = CAST(? AS oid)
        UNION SELECT relid FROM pg_catalog.pg_partition_tree(CAST(? AS oid)::regclass))
      """;

  private final Peer peer;
  private final Grants grants;
  private final Connection destination;
  private final Findings findings;

  DestinationTableRights(Peer peer, Connection destination, Findings findings) {
    this.peer = peer;
    this.grants = new Grants(peer);
    this.destination = destination;
    this.findings = findings;
  }

  /**
   * Adds what is missing.
   *
   * @param source the source table, for the findings
   * @return whether the table can be read
   */
  boolean check(TableName source, Table target) throws SQLException {
    String where = "destination table " + target.name();
    checkTriggers(source, target, where);
    boolean isUsable = Grants.mayUseSchema(destination, target.name().schema());
    if (!isUsable) {
      findings.error(
          source,
          where + " is in a schema that may not be used",
          grants.useSchema(target.name().schema()));
    }
    String missing =
        Sql.queryText(
            destination,
            """
            SELECT string_agg(p, ', ' ORDER BY place)
            FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'])
              WITH ORDINALITY AS wanted (p, place)
            WHERE NOT pg_catalog.has_table_privilege(CAST(? AS oid), p)
            """,
            target.oid());
    if (missing != null) {
      findings.error(source, where + " may not be written", grants.onTable(missing, target.name()));
    }
    if (Sql.queryBoolean(
        destination, "SELECT pg_catalog.row_security_active(CAST(? AS oid))", target.oid())) {
      findings.error(
          source,
          where + " has row-level security, which stands between the mirror and its rows",
          grants.bypassPolicies());
      return false;
    }
    return isUsable && (missing == null || !missing.contains("SELECT"));
  }

  /**
   * Without the right to silence them, the destination's triggers and rules would act a second
   * time. Those of deferrable constraints are no trouble: the checks wait for the commit.
   */
  private void checkTriggers(TableName source, Table target, String where) throws SQLException {
    if (WriterSettings.canSilenceTriggers(destination)) {
      tellOfTriggers(source, target, where);
      return;
    }
    if (Sql.queryBoolean(
        destination,
        TARGET
            + """
            SELECT EXISTS (SELECT FROM pg_catalog.pg_trigger JOIN target ON target.oid = tgrelid
                           WHERE tgenabled <> 'D'
                             AND tgfoid <> 'pg_catalog.unique_key_recheck'::regproc)
                OR EXISTS (SELECT FROM pg_catalog.pg_rewrite JOIN target ON target.oid = ev_class
                           WHERE ev_enabled <> 'D')
            """,
        target.oid(),
        target.oid())) {
      boolean isGranted =
          destination.getMetaData().getDatabaseMajorVersion() >= FIRST_WITH_PARAMETER_PRIVILEGES;
      findings.error(
          source,
          where
              + " has triggers, rules or foreign keys, which must rest while changes are mirrored",
          isGranted
              ? "disable them, or let the role have them rest: " + grants.silenceTriggers()
              : "disable them, or use a superuser, as "
                  + peer.user()
                  + " is not: PostgreSQL 14 lets no other set session_replication_role");
    }
  }

  /** Triggers that fire even for a replica. */
  private void tellOfTriggers(TableName source, Table target, String where) throws SQLException {
    String names =
        Sql.queryText(
            destination,
            TARGET
                + """
                SELECT string_agg(DISTINCT tgname::text, ', ')
                FROM pg_catalog.pg_trigger JOIN target ON target.oid = tgrelid
                WHERE tgenabled IN ('A', 'R')
                """,
            target.oid(),
            target.oid());
    if (names != null) {
      findings.warning(
          source,
          where + " has triggers that fire for mirrored rows, too: " + names,
          "if they are not meant to: ALTER TABLE " + target.name().toSql() + " ENABLE TRIGGER ...");
    }
  }
}
