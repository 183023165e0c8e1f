package io.bunnydb.testing;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a test may change in a server beside its own database, as it was before the test.
 *
 * @param server the server
 * @param roles the quoted names of its roles
 * @param settings what {@code ALTER SYSTEM} has set, as the statements that set it
 */
record ServerState(
    PostgresServer server, List<@Nullable String> roles, List<@Nullable String> settings) {

  private static final String ROLES =
      "SELECT quote_ident(rolname) FROM pg_roles WHERE rolname NOT LIKE 'pg\\_%' ORDER BY 1";

  private static final String SETTINGS =
      "SELECT format('ALTER SYSTEM SET %I = %L', name, setting) FROM pg_file_settings"
          + " WHERE sourcefile LIKE '%/postgresql.auto.conf' ORDER BY 1";

  /** Reads the state. */
  static ServerState of(PostgresServer server) {
    return server.administrate(
        connection ->
            new ServerState(
                server, Sql.strings(connection, ROLES), Sql.strings(connection, SETTINGS)));
  }

  /**
   * Takes back the settings, which needs a restart. Comes before anything else is cleaned up, which
   * could wait for ever under settings such as {@code synchronous_standby_names}.
   */
  void restoreSettings() {
    if (!read(SETTINGS).equals(settings)) {
      execute("ALTER SYSTEM RESET ALL");
      execute(settings.toArray(new String[0]));
      server.restart();
    }
  }

  /** Drops the roles that were added since. */
  void restoreRoles() {
    List<@Nullable String> added = new ArrayList<>(read(ROLES));
    added.removeAll(roles);
    for (@Nullable String role : added) {
      execute("DROP OWNED BY " + role + " CASCADE");
    }
    if (!added.isEmpty()) {
      execute("DROP ROLE " + String.join(", ", added.toArray(new CharSequence[0])));
    }
  }

  private List<@Nullable String> read(String query) {
    return server.administrate(connection -> Sql.strings(connection, query));
  }

  private void execute(String... sql) {
    server.administrate(connection -> Sql.execute(connection, sql));
  }
}
