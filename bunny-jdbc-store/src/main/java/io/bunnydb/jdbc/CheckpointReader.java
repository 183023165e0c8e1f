package io.bunnydb.jdbc;

import io.bunnydb.ExistingRowPolicy;
import io.bunnydb.Lsn;
import io.bunnydb.MissingRowPolicy;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.SourceIdentity;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Reads a checkpoint from its rows. */
final class CheckpointReader {
  /**
   * One statement, so that both tables are seen at the same moment. It also reads tables of an
   * earlier version, which nothing has been written to yet.
   */
  private static final String SELECT =
      """
      SELECT c.system_identifier, c.timeline, c.database, c.slot, c.publication, c.position,
             c.paused, c.error, pg_catalog.to_jsonb(c) ->> 'paused_since' AS paused_since,
             t.source_schema, t.source_table, t.destination_schema, t.destination_table,
             t.partition_key, t.excluded_columns, t.row_filter,
             t.on_existing_row, t.on_missing_row, t.state,
             t.from_lsn, t.source_oid, t.publication_entry,
             pg_catalog.to_jsonb(t) ->> 'error' AS table_error,
             pg_catalog.to_jsonb(t) ->> 'shadow_state' AS shadow_state,
             pg_catalog.to_jsonb(t) ->> 'shadow_from' AS shadow_from,
             pg_catalog.to_jsonb(t) ->> 'copy_progress' AS copy_progress
      FROM bunny.checkpoint c
      LEFT JOIN bunny.table_checkpoint t ON t.mirror = c.mirror
      WHERE c.mirror = ?
      ORDER BY t.ordinal
      """;

  private CheckpointReader() {}

  /** The checkpoint of a mirror, empty for an unknown one; the tables must exist. */
  static Optional<Checkpoint> read(Connection connection, String mirror) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(SELECT)) {
      select.setString(1, mirror);
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? Optional.of(read(mirror, row)) : Optional.empty();
      } catch (IllegalArgumentException | DateTimeException e) {
        throw new SQLException(
            "the checkpoint of mirror " + mirror + " was not written by this version of Bunny", e);
      }
    }
  }

  /** The names of all mirrors, in ascending order; the tables must exist. */
  static List<String> mirrors(Connection connection) throws SQLException {
    Set<String> names = new TreeSet<>();
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT mirror FROM bunny.checkpoint")) {
      while (row.next()) {
        names.add(row.getString("mirror"));
      }
    }
    return List.copyOf(names);
  }

  private static Checkpoint read(String mirror, ResultSet row) throws SQLException {
    Checkpoint checkpoint =
        new Checkpoint(
            mirror,
            new SourceIdentity(
                row.getString("system_identifier"),
                row.getInt("timeline"),
                row.getString("database")),
            row.getString("slot"),
            row.getString("publication"),
            Lsn.parse(row.getString("position")),
            row.getBoolean("paused"),
            row.getString("error"),
            instant(row.getString("paused_since")),
            List.of());
    List<TableCheckpoint> tables = new ArrayList<>();
    do {
      if (row.getString("source_table") != null) {
        tables.add(readTable(row));
      }
    } while (row.next());
    return checkpoint.withTables(tables);
  }

  private static @Nullable Instant instant(@Nullable String text) {
    return text == null ? null : OffsetDateTime.parse(text).toInstant();
  }

  private static TableCheckpoint readTable(ResultSet row) throws SQLException {
    String[] excludedColumns = (String[]) row.getArray("excluded_columns").getArray();
    TableMapping mapping =
        new TableMapping(
            new TableName(row.getString("source_schema"), row.getString("source_table")),
            new TableName(row.getString("destination_schema"), row.getString("destination_table")),
            row.getString("partition_key"),
            new LinkedHashSet<>(Arrays.asList(excludedColumns)),
            row.getString("row_filter"),
            policy(ExistingRowPolicy.class, row.getString("on_existing_row")),
            policy(MissingRowPolicy.class, row.getString("on_missing_row")));
    return new TableCheckpoint(
        mapping,
        TableState.valueOf(row.getString("state")),
        Lsn.parse(row.getString("from_lsn")),
        row.getLong("source_oid"),
        row.getLong("publication_entry"),
        row.getString("table_error"),
        shadow(row),
        row.getString("copy_progress"));
  }

  private static TableCheckpoint.@Nullable Shadow shadow(ResultSet row) throws SQLException {
    String state = row.getString("shadow_state");
    return state == null
        ? null
        : new TableCheckpoint.Shadow(
            TableState.valueOf(state), Lsn.parse(row.getString("shadow_from")));
  }

  private static <E extends Enum<E>> @Nullable E policy(Class<E> kind, @Nullable String name) {
    return name == null ? null : Enum.valueOf(kind, name);
  }
}
