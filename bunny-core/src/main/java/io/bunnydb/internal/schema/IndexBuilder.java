package io.bunnydb.internal.schema;

import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.ErrorKinds;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.schema.TableIndex.Role;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Builds the indexes of one table that Bunny made, in the open transaction of a connection: first
 * the index, which lets the table be read, then, in a moment, the constraint upon it. Used by one
 * thread.
 *
 * <p>A table without its keys is of no use. Of the other indexes the table may do without one that
 * cannot be built; that is told, and not an error.
 *
 * @param destination the connection
 * @param table the table's name
 * @param omissions hears of those that it does without
 */
public record IndexBuilder(
    Connection destination, TableName table, SourceIndexes.Omissions omissions) {
  private static final int ATTEMPTS = 5;

  // SQLSTATEs: temp_file_limit among others; what stands for a limit that does not pass with time.
  private static final String CONFIGURATION_LIMIT = "53400";
  private static final String PROGRAM_LIMIT = "54000";
  private static final Set<String> LACK_OF_ROOM = Set.of("53100", "53200", CONFIGURATION_LIMIT);

  // As the server chooses names by itself: the stem is cut off where the name is too long, and a
  // number follows where it is taken. Lengths are in bytes of the server's own encoding.
  private static final String CHOOSE_NAME =
      """
      SELECT c.name
      FROM generate_series(0, 999) AS pass
      CROSS JOIN LATERAL (
        SELECT pg_catalog.left(p.stem, length) || s.suffix AS name
        FROM (SELECT CAST(? AS text) AS stem) p
        CROSS JOIN (SELECT CAST(? AS text) || CASE WHEN pass > 0 THEN pass::text ELSE '' END) s (suffix)
        CROSS JOIN generate_series(1, 63) AS length
        WHERE pg_catalog.octet_length(pg_catalog.left(p.stem, length) || s.suffix) <= 63
        ORDER BY length DESC LIMIT 1) c
      WHERE NOT EXISTS
          (SELECT FROM pg_catalog.pg_class r JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
           WHERE n.nspname = CAST(? AS text) AND r.relname = c.name)
        AND NOT EXISTS
          (SELECT FROM pg_catalog.pg_constraint k
           JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace
           WHERE n.nspname = CAST(? AS text) AND k.conname = c.name)
      ORDER BY pass LIMIT 1
      """;

  /**
   * An index that is built.
   *
   * @param index what it is
   * @param name the name that it was given
   */
  public record Built(TableIndex index, String name) {}

  /**
   * The SQL of an index.
   *
   * @param build makes the index
   * @param attach makes it a key, identity or constraint; empty where it is none, or is made one
   *     with its building
   */
  public record Trial(String build, List<String> attach) {}

  /**
   * Builds an index and attaches it, for a transaction that is rolled back.
   *
   * @return the SQL that did it
   * @throws SQLException if it cannot be built; the transaction goes on without it
   */
  public Trial tryOut(TableIndex index) throws SQLException {
    Trial trial = sql(index);
    Savepoint before = destination.setSavepoint();
    try {
      Sql.execute(destination, trial.build());
      for (String attach : trial.attach()) {
        Sql.execute(destination, attach);
      }
    } catch (SQLException e) {
      destination.rollback(before);
      throw e;
    }
    destination.releaseSavepoint(before);
    return trial;
  }

  /** The SQL that makes an index, under a name that is not taken now. */
  Trial sql(TableIndex index) throws SQLException {
    String name = chooseName(index);
    String attach = attachSql(index, name);
    return new Trial(buildSql(index, name), attach.isEmpty() ? List.of() : List.of(attach));
  }

  private String chooseName(TableIndex index) throws SQLException {
    return String.valueOf(
        Sql.queryText(
            destination,
            CHOOSE_NAME,
            index.stem(),
            index.suffix(),
            table.schema(),
            table.schema()));
  }

  /**
   * Builds an index.
   *
   * @return the index; empty where it cannot be built and the table does without it
   * @throws SQLException if a key cannot be built, or something is wrong that passes
   */
  public Optional<Built> build(TableIndex index) throws SQLException {
    for (int attempt = 1; ; attempt++) {
      String name = chooseName(index);
      Savepoint before = destination.setSavepoint();
      try {
        Sql.execute(destination, buildSql(index, name));
        destination.releaseSavepoint(before);
        return Optional.of(new Built(index, name));
      } catch (SQLException e) {
        if (attempt < ATTEMPTS && isNameTaken(e)) {
          destination.rollback(before);
        } else {
          String attach = attachSql(index, name);
          String sql = buildSql(index, name) + (attach.isEmpty() ? "" : "; " + attach);
          doWithout(before, index, name, sql, e);
          return Optional.empty();
        }
      }
    }
  }

  /** Builds indexes and attaches them. */
  public void buildAll(List<TableIndex> indexes) throws SQLException {
    for (TableIndex index : indexes) {
      Optional<Built> built = build(index);
      if (built.isPresent()) {
        attach(built.get());
      }
    }
  }

  /** Makes a built index the table's key, identity or constraint, if it is to be one. */
  public void attach(Built built) throws SQLException {
    String sql = attachSql(built.index(), built.name());
    if (sql.isEmpty()) {
      return;
    }
    Savepoint before = destination.setSavepoint();
    try {
      Sql.execute(destination, sql);
      destination.releaseSavepoint(before);
    } catch (SQLException e) {
      doWithout(before, built.index(), built.name(), sql, e);
    }
  }

  private void doWithout(
      Savepoint before, TableIndex index, String name, String sql, SQLException e)
      throws SQLException {
    if (index.isKey() && CONFIGURATION_LIMIT.equals(e.getSQLState())) {
      // It would not pass, and all rows be copied again and again.
      throw new SQLException(
          e.getMessage() + "; raise that limit on the destination", PROGRAM_LIMIT, e);
    }
    // That there is no room is no reason to copy all rows again.
    boolean isForLackOfRoom = LACK_OF_ROOM.contains(String.valueOf(e.getSQLState()));
    boolean isPassing = ErrorKinds.ofSqlState(e.getSQLState()).passesWithTime();
    if (index.isKey() || (isPassing && !isForLackOfRoom)) {
      throw e;
    }
    destination.rollback(before);
    omissions.leaveOut(
        name,
        e.getMessage() + " [SQLSTATE " + e.getSQLState() + "]; mend the cause and run: " + sql);
  }

  /** Another session may take the name between the choice and the creation. */
  private static boolean isNameTaken(SQLException e) {
    return "42P07".equals(e.getSQLState())
        || ("23505".equals(e.getSQLState())
            && String.valueOf(e.getMessage()).contains("pg_class_relname_nsp_index"));
  }

  private String buildSql(TableIndex index, String name) {
    if (index.role() == Role.EXCLUSION_CONSTRAINT) {
      return alter("ADD CONSTRAINT " + Sql.identifier(name) + " " + index.definition());
    }
    return (index.isUnique() ? "CREATE UNIQUE INDEX " : "CREATE INDEX ")
        + Sql.identifier(name)
        + " ON "
        + table.toSql()
        + " USING "
        + index.definition();
  }

  private String attachSql(TableIndex index, String name) {
    String quoted = Sql.identifier(name);
    String using = " USING INDEX " + quoted + index.timing();
    return switch (index.role()) {
      case PRIMARY_KEY -> alter("ADD CONSTRAINT " + quoted + " PRIMARY KEY" + using);
      case UNIQUE_CONSTRAINT -> alter("ADD CONSTRAINT " + quoted + " UNIQUE" + using);
      case REPLICA_IDENTITY -> alter("REPLICA IDENTITY" + using);
      case EXCLUSION_CONSTRAINT, PLAIN -> "";
    };
  }

  private String alter(String what) {
    return "ALTER TABLE " + table.toSql() + " " + what;
  }
}
