package io.bunnydb.jdbc;

import io.bunnydb.Lsn;
import io.bunnydb.MirrorOwnedException;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes the rows of a checkpoint; the tables must exist. */
final class CheckpointWriter {
  private static final String UPSERT =
      """
      INSERT INTO bunny.checkpoint AS c
        (system_identifier, timeline, database, slot, publication, position, paused, error,
         paused_since, owner, mirror)
      VALUES (?, ?, ?, ?, ?, CAST(? AS pg_catalog.pg_lsn), ?, ?,
              CAST(? AS pg_catalog.timestamptz), ?, ?)
      ON CONFLICT (mirror) DO UPDATE SET
        system_identifier = excluded.system_identifier, timeline = excluded.timeline,
        database = excluded.database, slot = excluded.slot, publication = excluded.publication,
        position = excluded.position, paused = excluded.paused, error = excluded.error,
        paused_since = excluded.paused_since, owner = excluded.owner,
        updated_at = pg_catalog.now()
      WHERE excluded.owner IS NULL OR excluded.owner = c.owner
      """;

  private static final String CLAIM =
      "UPDATE bunny.checkpoint SET owner = ?, updated_at = pg_catalog.now() WHERE mirror = ?";

  /** Waits for a claim that is being made, and keeps others away until the transaction ends. */
  private static final String OWNER =
      "SELECT owner FROM bunny.checkpoint WHERE mirror = ? FOR NO KEY UPDATE";

  private static final String DELETE_OTHER_TABLES =
      """
      DELETE FROM bunny.table_checkpoint t
      WHERE t.mirror = ? AND NOT EXISTS
        (SELECT FROM ROWS FROM (pg_catalog.unnest(CAST(? AS text[])),
                                pg_catalog.unnest(CAST(? AS text[]))) AS kept(schema, name)
         WHERE kept.schema = t.source_schema AND kept.name = t.source_table)
      """;

  /** Keeps the rows of tables that stay, so that a saveTable that waits for one finds it. */
  private static final String UPSERT_TABLE =
      """
      INSERT INTO bunny.table_checkpoint AS t
        (destination_schema, destination_table, partition_key, excluded_columns, row_filter,
         on_existing_row, on_missing_row, state, from_lsn, source_oid, publication_entry,
         error, shadow_state, shadow_from, copy_progress,
         mirror, source_schema, source_table, ordinal)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS pg_catalog.pg_lsn), ?, ?,
              ?, ?, CAST(? AS pg_catalog.pg_lsn), ?, ?, ?, ?, ?)
      ON CONFLICT (mirror, source_schema, source_table) DO UPDATE SET
        destination_schema = excluded.destination_schema,
        destination_table = excluded.destination_table, partition_key = excluded.partition_key,
        excluded_columns = excluded.excluded_columns, row_filter = excluded.row_filter,
        on_existing_row = excluded.on_existing_row, on_missing_row = excluded.on_missing_row,
        state = excluded.state, from_lsn = excluded.from_lsn,
        source_oid = excluded.source_oid, publication_entry = excluded.publication_entry,
        error = excluded.error,
        shadow_state = excluded.shadow_state, shadow_from = excluded.shadow_from,
        copy_progress = excluded.copy_progress, ordinal = excluded.ordinal
      """;

  private static final String UPDATE_TABLE =
      """
      UPDATE bunny.table_checkpoint SET
        destination_schema = ?, destination_table = ?, partition_key = ?, excluded_columns = ?,
        row_filter = ?, on_existing_row = ?, on_missing_row = ?, state = ?,
        from_lsn = CAST(? AS pg_catalog.pg_lsn), source_oid = ?, publication_entry = ?,
        error = ?, shadow_state = ?,
        shadow_from = CAST(? AS pg_catalog.pg_lsn), copy_progress = ?
      WHERE mirror = ? AND source_schema = ? AND source_table = ?
      """;

  private static final String ADVANCE =
      """
      UPDATE bunny.checkpoint
      SET position = CAST(? AS pg_catalog.pg_lsn), updated_at = pg_catalog.now()
      WHERE mirror = ?
      """;

  private static final String ADVANCE_AS_OWNER = ADVANCE + "AND owner = ?";

  private static final String ADVANCE_AND_COMMIT = ADVANCE + "; COMMIT";

  private static final String DELETE_TABLES = "DELETE FROM bunny.table_checkpoint WHERE mirror = ?";

  private static final String DELETE = "DELETE FROM bunny.checkpoint WHERE mirror = ?";

  private CheckpointWriter() {}

  /** Makes an owner the only one who may write a mirror's checkpoint, where there is one. */
  static void claim(Connection connection, String mirror, String owner) throws SQLException {
    try (PreparedStatement claim = connection.prepareStatement(CLAIM)) {
      claim.setString(1, owner);
      claim.setString(2, mirror);
      claim.executeUpdate();
    }
  }

  /**
   * Refuses to go on for an owner after whom another has claimed the mirror.
   *
   * @param owner null for a store that is not claimed
   */
  static void requireOwner(Connection connection, String mirror, @Nullable String owner)
      throws SQLException {
    if (owner == null) {
      return;
    }
    try (PreparedStatement select = connection.prepareStatement(OWNER)) {
      select.setString(1, mirror);
      try (ResultSet row = select.executeQuery()) {
        if (row.next() && !owner.equals(row.getString(1))) {
          throw claimedByAnother(mirror);
        }
      }
    }
  }

  private static MirrorOwnedException claimedByAnother(String mirror) {
    return new MirrorOwnedException(
        mirror,
        "another process has taken it over while this one was held up, which writes no more",
        null);
  }

  /**
   * Writes a whole checkpoint in the place of the old one.
   *
   * @param owner who writes; null for a store that is not claimed
   */
  static void save(Connection connection, Checkpoint checkpoint, @Nullable String owner)
      throws SQLException {
    try (PreparedStatement upsert = connection.prepareStatement(UPSERT)) {
      upsert.setString(1, checkpoint.source().systemIdentifier());
      upsert.setInt(2, checkpoint.source().timeline());
      upsert.setString(3, checkpoint.source().database());
      upsert.setString(4, checkpoint.slot());
      upsert.setString(5, checkpoint.publication());
      upsert.setString(6, checkpoint.position().toString());
      upsert.setBoolean(7, checkpoint.paused());
      upsert.setString(8, checkpoint.error());
      Instant since = checkpoint.pausedSince();
      upsert.setString(9, since == null ? null : since.toString());
      upsert.setString(10, owner);
      upsert.setString(11, checkpoint.mirror());
      if (upsert.executeUpdate() == 0) {
        throw claimedByAnother(checkpoint.mirror());
      }
    }
    deleteOtherTables(connection, checkpoint);
    try (PreparedStatement upsert = connection.prepareStatement(UPSERT_TABLE)) {
      int ordinal = 0;
      for (TableCheckpoint table : checkpoint.tables()) {
        bind(connection, upsert, checkpoint.mirror(), table);
        upsert.setInt(19, ordinal++);
        upsert.addBatch();
      }
      upsert.executeBatch();
    }
  }

  private static void deleteOtherTables(Connection connection, Checkpoint checkpoint)
      throws SQLException {
    List<TableName> kept = checkpoint.tables().stream().map(t -> t.mapping().source()).toList();
    try (PreparedStatement delete = connection.prepareStatement(DELETE_OTHER_TABLES)) {
      delete.setString(1, checkpoint.mirror());
      delete.setArray(
          2, connection.createArrayOf("text", kept.stream().map(TableName::schema).toArray()));
      delete.setArray(
          3, connection.createArrayOf("text", kept.stream().map(TableName::name).toArray()));
      delete.executeUpdate();
    }
  }

  /** Writes the position; the frequent call, whose statement the driver keeps prepared. */
  static void advance(Connection connection, String mirror, Lsn position, @Nullable String owner)
      throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(owner == null ? ADVANCE : ADVANCE_AS_OWNER)) {
      update.setString(1, position.toString());
      update.setString(2, mirror);
      if (owner != null) {
        update.setString(3, owner);
      }
      if (update.executeUpdate() == 0) {
        requireOwner(connection, mirror, owner);
        throw noRow(mirror);
      }
    }
  }

  /** Writes the position and commits, in one round trip; where nobody but this session may. */
  static void advanceAndCommit(Connection connection, String mirror, Lsn position)
      throws SQLException {
    try (PreparedStatement advance = connection.prepareStatement(ADVANCE_AND_COMMIT)) {
      advance.setString(1, position.toString());
      advance.setString(2, mirror);
      advance.execute();
      // Of the first statement. It is too late to take the rows back, as a statement that fails for
      // it costs each batch more than the round trip; but only someone who deletes the row of a
      // mirror that runs brings it about, and then no position tells of the rows.
      if (advance.getUpdateCount() == 0) {
        throw noRow(mirror);
      }
    }
  }

  private static SQLException noRow(String mirror) {
    return new SQLException("mirror " + mirror + " has no row in bunny.checkpoint");
  }

  /** Writes one table's row, but not its place in the list. */
  static void saveTable(Connection connection, String mirror, TableCheckpoint table)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(UPDATE_TABLE)) {
      bind(connection, update, mirror, table);
      if (update.executeUpdate() == 0) {
        throw new SQLException(
            "mirror "
                + mirror
                + " has no row of table "
                + table.mapping().source()
                + " in bunny.table_checkpoint");
      }
    }
  }

  /** Parameters 1 to 18 of both statements that write a table's row. */
  private static void bind(
      Connection connection, PreparedStatement statement, String mirror, TableCheckpoint table)
      throws SQLException {
    TableMapping mapping = table.mapping();
    statement.setString(1, mapping.destination().schema());
    statement.setString(2, mapping.destination().name());
    statement.setString(3, mapping.partitionKey());
    statement.setArray(4, connection.createArrayOf("text", mapping.excludedColumns().toArray()));
    statement.setString(5, mapping.filter());
    statement.setString(6, name(mapping.existingRow()));
    statement.setString(7, name(mapping.missingRow()));
    statement.setString(8, table.state().name());
    statement.setString(9, table.from().toString());
    statement.setLong(10, table.sourceOid());
    statement.setLong(11, table.publicationEntry());
    statement.setString(12, table.error());
    TableCheckpoint.Shadow shadow = table.shadow();
    statement.setString(13, shadow == null ? null : shadow.state().name());
    statement.setString(14, shadow == null ? null : shadow.from().toString());
    statement.setString(15, table.copyProgress());
    statement.setString(16, mirror);
    statement.setString(17, mapping.source().schema());
    statement.setString(18, mapping.source().name());
  }

  private static @Nullable String name(@Nullable Enum<?> policy) {
    return policy == null ? null : policy.name();
  }

  /** Removes a mirror's rows and tells whether there were any. */
  static boolean delete(Connection connection, String mirror) throws SQLException {
    try (PreparedStatement tables = connection.prepareStatement(DELETE_TABLES);
        PreparedStatement delete = connection.prepareStatement(DELETE)) {
      tables.setString(1, mirror);
      tables.executeUpdate();
      delete.setString(1, mirror);
      return delete.executeUpdate() > 0;
    }
  }
}
