package io.bunnydb.internal.engine;

import io.bunnydb.Peer;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.source.MirroredTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Tells which rights a role lacks to publish tables, by the catalog; whether it lacks any, only the
 * server's answer to the publication says for sure.
 *
 * @param peer the source
 * @param source a connection to it
 */
record PublicationRights(Peer peer, Connection source) {
  private static final int FIRST_WITH_INHERIT_OPTION = 16;

  private static final String OTHER_OWNER =
      """
      SELECT o.rolname, o.rolsuper, u.rolinherit
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_roles o ON o.oid = c.relowner
      JOIN pg_catalog.pg_roles u ON u.rolname = current_user
      WHERE c.oid = CAST(? AS oid) AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
      """;

  /**
   * The SQL that gives the role what it lacks; empty where that is nothing.
   *
   * @param isMade whether the publication is yet to be made
   */
  List<String> missing(List<MirroredTable> tables, boolean isMade) throws SQLException {
    Set<String> lines = new LinkedHashSet<>();
    if (isMade && !Grants.mayCreateInDatabase(source)) {
      lines.add(new Grants(peer).createInDatabase(source));
    }
    for (MirroredTable table : tables) {
      lines.addAll(
          Sql.query(
              source,
              OTHER_OWNER,
              row -> shareOwnership(table, row.getString(1), row.getBoolean(2), row.getBoolean(3)),
              table.table().oid()));
    }
    return List.copyOf(lines);
  }

  /**
   * Membership leaves the owner what it had, and so the source's application. It is not for the
   * asking where the owner is a superuser, who needs no ownership.
   */
  private String shareOwnership(
      MirroredTable table, String owner, boolean isSuperuser, boolean inherits)
      throws SQLException {
    boolean hasOption = source.getMetaData().getDatabaseMajorVersion() >= FIRST_WITH_INHERIT_OPTION;
    String role = Sql.identifier(peer.user());
    if (isSuperuser || !(inherits || hasOption)) {
      return "ALTER TABLE " + table.table().name().toSql() + " OWNER TO " + role;
    }
    return "GRANT "
        + Sql.identifier(owner)
        + " TO "
        + role
        + (hasOption ? " WITH INHERIT TRUE" : "");
  }
}
