package io.bunnydb.jdbc;

import io.bunnydb.Lsn;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Keeps checkpoints in two tables of a PostgreSQL database: {@code bunny.checkpoint} with one row
 * for each mirror, {@code bunny.table_checkpoint} with one row for each of its tables.
 *
 * <p>Thread-safe and immutable; one store may serve any number of mirrors. PostgreSQL 14 or later;
 * other databases are not supported.
 *
 * <p>The first {@code save} makes the schema {@code bunny} and the tables, which takes the {@code
 * CREATE} right on the database. Where the role shall not have it, an administrator runs {@link
 * #ddl()} beforehand and grants what is left to need:
 *
 * <pre>{@code
 * GRANT USAGE ON SCHEMA bunny TO mirror_role;
 * GRANT SELECT, INSERT, UPDATE, DELETE ON bunny.checkpoint, bunny.table_checkpoint TO mirror_role;
 * }</pre>
 *
 * <p>Tables of an earlier version are read as they are, and altered when a mirror is claimed, as a
 * start does first, or saved; where the role does not own them, that is refused with the SQL to
 * run.
 *
 * <p>The {@code delete} of the last mirror drops the tables, and the schema if nothing else is in
 * it. Whatever the role does not own, or other objects depend on, stays.
 */
public final class JdbcCheckpointStore implements CheckpointStore {
  private final @Nullable DataSource dataSource;
  private final @Nullable String owner;

  private JdbcCheckpointStore(@Nullable DataSource dataSource, @Nullable String owner) {
    this.dataSource = dataSource;
    this.owner = owner;
  }

  /**
   * A store in the destination that writes inside the transaction of the changes: the mirror is
   * exactly once. It commits by {@link #commit} alone, and refuses a connection in autocommit mode,
   * except to load; a claim, which takes either, commits tables that it had to alter. Transactions
   * are to be {@code READ COMMITTED}; with an older snapshot the tables are not dropped, and a
   * start at the same time as another mirror's may fail.
   */
  public static JdbcCheckpointStore inDestination() {
    return new JdbcCheckpointStore(null, null);
  }

  /**
   * A store in any PostgreSQL database. Each call takes a connection, commits, and gives it back:
   * the mirror is at least once.
   *
   * @param dataSource gives the connections; they must be able to write, and commit durably
   */
  public static JdbcCheckpointStore of(DataSource dataSource) {
    return new JdbcCheckpointStore(Objects.requireNonNull(dataSource, "dataSource"), null);
  }

  /**
   * The SQL that the first {@code save} runs, for an administrator who runs it beforehand. Without
   * the comments on tables and columns:
   *
   * <pre>{@code
   * CREATE SCHEMA bunny;
   * CREATE TABLE bunny.checkpoint (
   *   mirror text PRIMARY KEY,
   *   system_identifier text NOT NULL,
   *   timeline integer NOT NULL,
   *   database text NOT NULL,
   *   slot text NOT NULL,
   *   publication text NOT NULL,
   *   position pg_lsn NOT NULL,
   *   paused boolean NOT NULL,
   *   error text,
   *   updated_at timestamp with time zone NOT NULL DEFAULT pg_catalog.now(),
   *   paused_since timestamp with time zone,
   *   owner text
   * );
   * CREATE TABLE bunny.table_checkpoint (
   *   mirror text NOT NULL REFERENCES bunny.checkpoint ON DELETE CASCADE,
   *   ordinal integer NOT NULL,
   *   source_schema text NOT NULL,
   *   source_table text NOT NULL,
   *   destination_schema text NOT NULL,
   *   destination_table text NOT NULL,
   *   partition_key text,
   *   excluded_columns text[] NOT NULL,
   *   row_filter text,
   *   on_existing_row text,
   *   on_missing_row text,
   *   state text NOT NULL,
   *   from_lsn pg_lsn NOT NULL,
   *   source_oid bigint NOT NULL DEFAULT 0,
   *   publication_entry bigint NOT NULL DEFAULT 0,
   *   error text,
   *   shadow_state text,
   *   shadow_from pg_lsn,
   *   copy_progress text,
   *   PRIMARY KEY (mirror, source_schema, source_table)
   * );
   * }</pre>
   */
  public static String ddl() {
    return CheckpointTables.CREATE_SCHEMA + CheckpointTables.CREATE_TABLES;
  }

  @Override
  public boolean joinsDestination() {
    return dataSource == null;
  }

  @Override
  public CheckpointStore claim(String mirror, Connection destination) throws SQLException {
    if (dataSource == null) {
      Transactions.commit(destination, JdbcCheckpointStore::upgrade);
      return this;
    }
    String claimant = UUID.randomUUID().toString();
    write(
        destination,
        connection -> {
          if (upgrade(connection)) {
            CheckpointWriter.claim(connection, mirror, claimant);
          }
        });
    return new JdbcCheckpointStore(dataSource, claimant);
  }

  /** Brings the tables up to this version, where there are any; returns that. */
  private static boolean upgrade(Connection connection) throws SQLException {
    CheckpointTables.keep(connection);
    boolean exist = CheckpointTables.exist(connection);
    if (exist) {
      CheckpointTables.upgrade(connection);
    }
    return exist;
  }

  @Override
  public Optional<Checkpoint> load(String mirror, Connection destination) throws SQLException {
    return read(
        destination, Optional.empty(), connection -> CheckpointReader.read(connection, mirror));
  }

  @Override
  public List<String> mirrors(Connection destination) throws SQLException {
    return read(destination, List.of(), CheckpointReader::mirrors);
  }

  private <T> T read(Connection destination, T none, Transactions.Query<T> query)
      throws SQLException {
    Transactions.Query<T> whereTablesAre =
        connection -> {
          CheckpointTables.keep(connection);
          return CheckpointTables.exist(connection) ? query.run(connection) : none;
        };
    if (dataSource == null) {
      return Transactions.peek(destination, whereTablesAre);
    }
    try (Connection own = dataSource.getConnection()) {
      return Transactions.withinTime(own, timed -> Transactions.peek(timed, whereTablesAre));
    }
  }

  @Override
  public void save(Checkpoint checkpoint, Connection destination) throws SQLException {
    write(
        destination,
        connection -> {
          CheckpointTables.keep(connection);
          CheckpointTables.createIfMissing(connection);
          CheckpointWriter.save(connection, checkpoint, owner);
        });
  }

  @Override
  public void advance(String mirror, Lsn position, Connection destination) throws SQLException {
    write(destination, connection -> CheckpointWriter.advance(connection, mirror, position, owner));
  }

  @Override
  public void commit(String mirror, Lsn position, Connection destination) throws SQLException {
    if (!joinsDestination()) {
      CheckpointStore.super.commit(mirror, position, destination);
      return;
    }
    write(
        destination, connection -> CheckpointWriter.advanceAndCommit(connection, mirror, position));
  }

  @Override
  public void saveTable(String mirror, TableCheckpoint table, Connection destination)
      throws SQLException {
    write(
        destination,
        connection -> {
          CheckpointWriter.requireOwner(connection, mirror, owner);
          CheckpointWriter.saveTable(connection, mirror, table);
        });
  }

  @Override
  public void delete(String mirror, Connection destination) throws SQLException {
    write(
        destination,
        connection -> {
          CheckpointTables.lock(connection);
          if (CheckpointTables.exist(connection)) {
            CheckpointWriter.requireOwner(connection, mirror, owner);
            if (CheckpointWriter.delete(connection, mirror)) {
              CheckpointTables.dropIfEmpty(connection);
            }
          }
        });
  }

  @Override
  public List<String> statements(Connection destination) throws SQLException {
    return dataSource == null ? CheckpointTables.missing(destination) : List.of();
  }

  @Override
  public List<String> grants(String role, Connection destination) throws SQLException {
    return dataSource == null ? CheckpointTables.grants(destination, role) : List.of();
  }

  private void write(Connection destination, Transactions.Change change) throws SQLException {
    if (dataSource == null) {
      if (destination.getAutoCommit()) {
        throw new IllegalStateException(
            "the destination connection is in autocommit mode; call setAutoCommit(false) first");
      }
      change.run(destination);
      return;
    }
    try (Connection own = dataSource.getConnection()) {
      Transactions.withinTime(
          own,
          timed -> {
            Transactions.commit(timed, change);
            return true;
          });
    }
  }
}
