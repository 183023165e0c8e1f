package io.bunnydb.internal.schema;

import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.schema.TableIndex.Role;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.pgoutput.ReplicaIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates the destination table of a mapping: columns, defaults, NOT NULL, generated and identity
 * columns; and says which keys it is to have. Excluded columns, and what is made of them, stay out.
 * A default that needs something the destination lacks, such as the sequence of a serial column, is
 * left out: mirrored rows bring their values along.
 */
public final class TableCreator {
  private static final Logger LOG = LoggerFactory.getLogger(TableCreator.class);

  private TableCreator() {}

  /**
   * Creates the table without keys, and its schema where that is missing, in the connection's open
   * transaction.
   *
   * @return the SQL that did it, defaults left out that the destination did not take
   */
  public static List<String> create(Connection destination, MirroredTable mirrored)
      throws SQLException {
    TableName target = mirrored.mapping().destination();
    List<String> done = new ArrayList<>();
    createSchema(destination, target.schema(), done);
    List<Column> columns = createdColumns(mirrored);
    List<String> lines = new ArrayList<>();
    boolean hasVirtual = destination.getMetaData().getDatabaseMajorVersion() >= 18;
    for (Column column : columns) {
      lines.add(definition(column, hasVirtual));
    }
    execute(
        destination,
        "CREATE TABLE " + target.toSql() + " (" + String.join(", ", lines) + ")",
        done);
    for (Column column : columns) {
      if (!column.isGenerated() && column.defaultSql() != null) {
        setDefault(destination, target, column.name(), column.defaultSql(), done);
      }
    }
    if (mirrored.table().identity() == ReplicaIdentity.FULL) {
      execute(destination, "ALTER TABLE " + target.toSql() + " REPLICA IDENTITY FULL", done);
    }
    return done;
  }

  private static void execute(Connection destination, String command, List<String> done)
      throws SQLException {
    Sql.execute(destination, command);
    done.add(command);
  }

  /** The primary key and the index of the replica identity, as far as their columns are there. */
  public static List<TableIndex> keys(MirroredTable mirrored) {
    Table table = mirrored.table();
    String target = mirrored.mapping().destination().name();
    Set<String> created = createdColumnNames(mirrored);
    List<TableIndex> keys = new ArrayList<>();
    if (!table.primaryKey().isEmpty() && created.containsAll(table.primaryKey())) {
      keys.add(key(Role.PRIMARY_KEY, target, "_pkey", table.primaryKey()));
    }
    if (table.identity() == ReplicaIdentity.INDEX
        && created.containsAll(table.identityIndexColumns())) {
      // Not the source's name, which may be taken in this schema.
      String stem = target + "_" + String.join("_", table.identityIndexColumns());
      keys.add(key(Role.REPLICA_IDENTITY, stem, "_idx", table.identityIndexColumns()));
    }
    return keys;
  }

  private static TableIndex key(Role role, String stem, String suffix, List<String> columns) {
    return new TableIndex(role, stem, suffix, true, "btree (" + Sql.identifiers(columns) + ")", "");
  }

  private static void createSchema(Connection destination, String schema, List<String> done)
      throws SQLException {
    if (!Sql.queryBoolean(
        destination, "SELECT true FROM pg_catalog.pg_namespace WHERE nspname = ?", schema)) {
      execute(destination, "CREATE SCHEMA " + Sql.identifier(schema), done);
    }
  }

  /** The names of the columns that the created table has. */
  static Set<String> createdColumnNames(MirroredTable mirrored) {
    return createdColumns(mirrored).stream().map(Column::name).collect(Collectors.toSet());
  }

  /** Generated columns are made again, except where they are computed from excluded ones. */
  static List<Column> createdColumns(MirroredTable mirrored) {
    Set<String> excluded = mirrored.mapping().excludedColumns();
    return mirrored.table().columns().stream()
        .filter(c -> !excluded.contains(c.name()))
        .filter(c -> Collections.disjoint(c.computedFrom(), excluded))
        .toList();
  }

  /** A column's name and type, as SQL makes a column that takes any value of the type. */
  static String nameAndType(Column column) {
    return Sql.identifier(column.name())
        + " "
        + column.typeSql()
        + (column.collationSql() == null ? "" : " COLLATE " + column.collationSql());
  }

  /** A column as SQL makes it, its default left out. */
  static String definition(Column column, boolean hasVirtual) {
    StringBuilder sql = new StringBuilder(nameAndType(column));
    switch (column.generation()) {
      case NONE -> {}
      // ALWAYS would refuse to take over an update of the column.
      case IDENTITY_ALWAYS, IDENTITY_BY_DEFAULT -> sql.append(" GENERATED BY DEFAULT AS IDENTITY");
      case STORED ->
          sql.append(" GENERATED ALWAYS AS (").append(column.defaultSql()).append(") STORED");
      case VIRTUAL ->
          sql.append(" GENERATED ALWAYS AS (")
              .append(column.defaultSql())
              .append(hasVirtual ? ") VIRTUAL" : ") STORED");
    }
    if (column.notNull()) {
      sql.append(" NOT NULL");
    }
    return sql.toString();
  }

  private static void setDefault(
      Connection destination, TableName target, String column, String expression, List<String> done)
      throws SQLException {
    var before = destination.setSavepoint();
    try {
      execute(
          destination,
          "ALTER TABLE "
              + target.toSql()
              + " ALTER COLUMN "
              + Sql.identifier(column)
              + " SET DEFAULT "
              + expression,
          done);
      destination.releaseSavepoint(before);
    } catch (SQLException e) {
      destination.rollback(before);
      LOG.debug(
          "column {} of {} is created without its default {}: {}",
          column,
          target,
          expression,
          e.getMessage());
    }
  }
}
