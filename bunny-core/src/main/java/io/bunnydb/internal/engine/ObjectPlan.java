package io.bunnydb.internal.engine;

import io.bunnydb.SchemaChange;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.schema.ConstraintNote;
import io.bunnydb.internal.schema.ConstraintScope;
import io.bunnydb.internal.schema.MissingObjects;
import io.bunnydb.internal.schema.TableConstraint;
import io.bunnydb.internal.source.MirroredTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Tells which indexes, constraints and identities the destinations of a mirror's live tables are
 * without. They are for a person to make, so that no policy asks for them.
 */
final class ObjectPlan {
  // What shows an expression takes the lock of a reader.
  private static final String LOCK_TIMEOUT = "SET lock_timeout = '5s'";

  private ObjectPlan() {}

  /** Holds both sides against each other, on connections of its own; changes nothing. */
  static List<SchemaChange> read(MirrorContext context) {
    try (Connection source = context.source().open("schema");
        Connection destination = context.destinationPeer().open("schema")) {
      Sql.execute(source, LOCK_TIMEOUT);
      Sql.execute(destination, LOCK_TIMEOUT);
      return read(context, source, destination);
    } catch (SQLException e) {
      throw Faults.describe(context.config().name(), e);
    }
  }

  private static List<SchemaChange> read(
      MirrorContext context, Connection source, Connection destination) throws SQLException {
    Map<Long, MirroredTable> tables = new LinkedHashMap<>();
    Set<TableName> live = SchemaPlan.live(context);
    for (TableMapping mapping : context.tables().mappings()) {
      if (live.contains(mapping.source())) {
        Catalog.table(source, mapping.source())
            .ifPresent(table -> tables.put(table.oid(), new MirroredTable(mapping, table)));
      }
    }
    MirrorConfig config = context.config();
    ConstraintScope constraints = ConstraintPlan.scope(config, tables, destination);
    Map<TableName, ConstraintNote> notes = ConstraintNote.read(destination, config.name());
    return new MissingObjects(source, destination, config.options().copy().indexes(), constraints)
        .read(constraint -> isToCome(context, notes, constraint));
  }

  private static boolean isToCome(
      MirrorContext context, Map<TableName, ConstraintNote> notes, TableConstraint constraint) {
    return notes
            .getOrDefault(constraint.table(), ConstraintNote.NONE)
            .names()
            .contains(constraint.name())
        && !context.constraints().isRefused(constraint);
  }
}
