package io.bunnydb.internal.engine;

import io.bunnydb.TableMapping;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.source.Publication;
import io.bunnydb.internal.source.ReplicationSlot;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Checks whether a new mirror can work, as a whole; {@link TablePreflight} checks its tables.
 * Nothing that it does outlasts it: what only the server can judge is tried in a transaction that
 * is rolled back.
 */
final class Preflight {
  private static final int OLDEST_MAJOR = 14;
  private static final int FAILOVER_MAJOR = 17;

  private final MirrorConfig config;
  private final Connection source;
  private final Connection destination;

  Preflight(MirrorConfig config, Connection source, Connection destination) {
    this.config = config;
    this.source = source;
    this.destination = destination;
  }

  /** What stands against a new mirror, a sentence with its cure each. */
  List<String> problems() throws SQLException {
    List<String> problems = new ArrayList<>();
    checkVersion(problems, "source", source);
    checkVersion(problems, "destination", destination);
    if (!problems.isEmpty()) {
      return problems;
    }
    checkSourceServer(problems);
    checkNotMirroredOntoItself(problems);
    checkSlot(problems);
    checkPublication(problems);
    TablePreflight tables = new TablePreflight(config, source, destination);
    tables.checkHierarchies(config.tables(), problems);
    tables.check(config.tables(), config.options().initialSnapshot(), Set.of(), problems);
    return problems;
  }

  private static void checkVersion(List<String> problems, String side, Connection connection)
      throws SQLException {
    int major = connection.getMetaData().getDatabaseMajorVersion();
    if (major < OLDEST_MAJOR) {
      problems.add(
          "the " + side + " is PostgreSQL " + major + "; it must be " + OLDEST_MAJOR + " or later");
    }
  }

  private void checkSourceServer(List<String> problems) throws SQLException {
    if (Sql.queryBoolean(source, "SELECT pg_catalog.pg_is_in_recovery()")) {
      problems.add("the source is a standby; connect to the primary");
      return;
    }
    String walLevel = Sql.queryText(source, "SHOW wal_level");
    if (!"logical".equals(walLevel)) {
      problems.add(
          "wal_level on the source is "
              + walLevel
              + "; set wal_level = logical and restart the source");
    }
    new ServerCapacity(source).checkReplication(slotsNeeded(), sendersNeeded(), problems);
  }

  private void checkNotMirroredOntoItself(List<String> problems) throws SQLException {
    String identity =
        "SELECT pg_catalog.current_database() || pg_catalog.pg_postmaster_start_time()::text"
            + " || pg_catalog.current_setting('port') || pg_catalog.current_setting('cluster_name')";
    if (String.valueOf(Sql.queryText(source, identity))
        .equals(Sql.queryText(destination, identity))) {
      for (TableMapping mapping : config.tables()) {
        if (mapping.source().equals(mapping.destination())) {
          problems.add(
              "source and destination are one database, and table "
                  + mapping.source()
                  + " would be mirrored onto itself; map it to another name");
        }
      }
    }
  }

  private int slotsNeeded() {
    // One to keep, if it is not given; one for as long as the snapshot is held.
    return (config.ownsSlot() ? 1 : 0) + (config.options().initialSnapshot() ? 1 : 0);
  }

  private int sendersNeeded() {
    // One for the stream; one for as long as the snapshot is held.
    return 1 + (config.options().initialSnapshot() ? 1 : 0);
  }

  private void checkSlot(List<String> problems) throws SQLException {
    checkFailover(problems);
    var slot = ReplicationSlot.find(source, config.slot());
    if (config.ownsSlot()) {
      if (slot.isPresent()) {
        problems.add(
            "the source has a replication slot "
                + config.slot()
                + " already, but the store knows no"
                + " such mirror; drop the slot (SELECT pg_drop_replication_slot('"
                + config.slot()
                + "')) if nothing uses it");
      }
      return;
    }
    if (slot.isEmpty()) {
      problems.add(
          "the source has no replication slot "
              + config.slot()
              + "; make it, or leave"
              + " slot(...) out");
      return;
    }
    String database = Sql.queryText(source, "SELECT pg_catalog.current_database()");
    if (!ReplicationSlot.PLUGIN.equals(slot.get().plugin())
        || !String.valueOf(database).equals(slot.get().database())) {
      problems.add(
          "replication slot "
              + config.slot()
              + " is not one of plugin "
              + ReplicationSlot.PLUGIN
              + " in database "
              + database
              + "; make another");
    } else if (slot.get().isActive()) {
      problems.add("replication slot " + config.slot() + " is in use; stop its reader");
    } else if (slot.get().invalidation() != null) {
      problems.add("replication slot " + config.slot() + " is invalid; drop it and make another");
    } else if (config.ownsPublication() && !config.options().initialSnapshot()) {
      problems.add(
          "replication slot "
              + config.slot()
              + " begins before the publication that Bunny would make, and without a copy the changes"
              + " between would be missing; make the publication first, then the slot, and name both");
    }
  }

  private void checkFailover(List<String> problems) throws SQLException {
    int major = source.getMetaData().getDatabaseMajorVersion();
    if (config.options().operation().isSlotForFailover() && major < FAILOVER_MAJOR) {
      problems.add(
          "the source is PostgreSQL "
              + major
              + ", and slots that its standbys keep in step with come with "
              + FAILOVER_MAJOR
              + "; leave failoverSlot(true) out");
    }
  }

  private void checkPublication(List<String> problems) throws SQLException {
    boolean exists = Publication.exists(source, config.publication());
    if (config.ownsPublication() && exists) {
      problems.add(
          "the source has a publication "
              + config.publication()
              + " already, but the store knows no"
              + " such mirror; drop it if nothing uses it");
    }
  }
}
