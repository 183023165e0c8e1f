package io.bunnydb.internal.engine;

import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.internal.apply.WriterSettings;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.schema.ConstraintScope;
import io.bunnydb.internal.schema.SourceConstraint;
import io.bunnydb.internal.schema.TableConstraint;
import io.bunnydb.internal.source.MirroredTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Tells which constraints would follow the tables that a start would make. They are not tried: keys
 * of several tables are about all of them.
 *
 * @param config what the builder was told
 * @param source a connection to it
 * @param destination a connection to the destination, in autocommit mode
 */
record ConstraintPlan(MirrorConfig config, Connection source, Connection destination) {

  /** Adds their SQL, and a note for each that is left out. */
  void add(List<TableMapping> mappings, Findings findings, PlannedSql sql) throws SQLException {
    if (!config.options().createTables()) {
      return;
    }
    Map<Long, MirroredTable> tables = new HashMap<>();
    List<MirroredTable> missing = new ArrayList<>();
    for (TableMapping mapping : mappings) {
      Optional<Table> table = Catalog.table(source, mapping.source());
      if (table.isPresent()) {
        MirroredTable mirrored = new MirroredTable(mapping, table.get());
        tables.put(table.get().oid(), mirrored);
        if (Catalog.table(destination, mapping.destination()).isEmpty()) {
          missing.add(mirrored);
        }
      }
    }
    ConstraintScope scope = scope(config, tables, destination);
    List<String> statements = new ArrayList<>();
    List<String> validations = new ArrayList<>();
    for (MirroredTable table : missing) {
      TableName name = table.table().name();
      ConstraintScope.Selection found =
          scope.select(SourceConstraint.of(source, table.table().oid()), table);
      found
          .leftOut()
          .forEach(
              (constraint, obstacle) ->
                  findings.note(name, ConstraintReports.sentence(name, constraint, obstacle), ""));
      for (TableConstraint made : found.made()) {
        statements.add(made.addSql());
        if (made.isToValidate()) {
          validations.add(made.validateSql());
        }
      }
    }
    statements.addAll(validations);
    sql.afterRows(statements);
  }

  /**
   * Which constraints of tables a mirror would make.
   *
   * @param tables the mirror's tables by their OIDs on the source
   * @param destination a connection to the destination, in autocommit mode
   */
  static ConstraintScope scope(
      MirrorConfig config, Map<Long, MirroredTable> tables, Connection destination)
      throws SQLException {
    return new ConstraintScope(
        tables,
        destination.getMetaData().getDatabaseMajorVersion(),
        WriterSettings.canSilenceTriggers(destination),
        !config.store().joinsDestination(),
        config.options().schema().hasForeignKeys());
  }
}
