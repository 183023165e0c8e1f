package io.bunnydb.internal.engine;

import io.bunnydb.Peer;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/** Checks whether the roles may do what a comparison of tables, or their repair, needs. */
final class VerifyRights {
  private final MirrorConfig config;
  private final OtherMirrors others;
  private final Findings findings = new Findings();

  /** Asks the destination by a connection in autocommit mode. */
  VerifyRights(MirrorConfig config, Connection destination) {
    this.config = config;
    this.others = new OtherMirrors(config, destination);
  }

  /**
   * Checks some tables.
   *
   * @param isRepair whether the destination is to be written
   * @param isDeleting whether rows that the destination alone has are to be deleted
   * @throws io.bunnydb.PreflightException if something is missing, with all of it
   */
  void check(
      List<TableMapping> tables,
      Connection source,
      Connection destination,
      boolean isRepair,
      boolean isDeleting)
      throws SQLException {
    for (TableMapping table : tables) {
      if (isDeleting) {
        refuseShared(table);
      }
      check(table, table.source(), source, config.source(), List.of("SELECT"));
      check(
          table,
          table.destination(),
          destination,
          config.destination(),
          isRepair ? List.of("SELECT", "INSERT", "UPDATE", "DELETE") : List.of("SELECT"));
    }
    findings.refuse(config.name());
  }

  private void refuseShared(TableMapping table) throws SQLException {
    OtherMirrors.Writer other = others.of(table.destination());
    if (other != null) {
      findings.error(
          table.source(),
          "destination table "
              + table.destination()
              + " is written by mirror '"
              + other.mirror()
              + "' too, whose rows a repair would take for additional and delete",
          "repair with VerifyOptions.deletesAdditional(false), and delete by hand");
    }
  }

  private void check(
      TableMapping mapping, TableName name, Connection side, Peer peer, List<String> privileges)
      throws SQLException {
    Optional<Table> table = Catalog.table(side, name);
    if (table.isEmpty()) {
      return; // which is told of the table itself
    }
    Grants grants = new Grants(peer);
    String what = "table " + name + " of peer " + peer.name();
    if (!Grants.mayUseSchema(side, name.schema())) {
      findings.error(
          mapping.source(),
          what + " is in a schema that may not be used",
          grants.useSchema(name.schema()));
    }
    String missing =
        Sql.queryText(
            side,
            """
            SELECT string_agg(p, ', ' ORDER BY place)
            FROM unnest(CAST(? AS text[])) WITH ORDINALITY AS wanted (p, place)
            WHERE NOT pg_catalog.has_table_privilege(CAST(? AS oid), p)
            """,
            privileges.toArray(String[]::new),
            table.get().oid());
    if (missing != null) {
      findings.error(
          mapping.source(), what + " may not be used for that", grants.onTable(missing, name));
    }
    if (Sql.queryBoolean(
        side, "SELECT pg_catalog.row_security_active(CAST(? AS oid))", table.get().oid())) {
      findings.error(
          mapping.source(),
          what + " has row-level security, by which rows would not be seen",
          grants.bypassPolicies());
    }
  }
}
