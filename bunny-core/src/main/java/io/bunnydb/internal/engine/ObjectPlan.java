package io.bunnydb.internal.engine;

import io.bunnydb.SchemaChange;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.StopSignal;
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

/**
 * Tells which indexes, constraints and identities the destinations of a mirror's live tables are
 * without. They are for a person to make, so that no policy asks for them.
 */
final class ObjectPlan {
  private ObjectPlan() {}

  /** Holds both sides against each other, on connections of its own; changes nothing. */
  static List<SchemaChange> read(MirrorContext context) {
    return SchemaPlan.onBothSides(
        context,
        new StopSignal(),
        (source, destination) -> {
          List<MirroredTable> tables = SchemaPlan.tables(context.tables().live(), source);
          return read(context, tables, source, destination);
        });
  }

  /**
   * Holds both sides against each other.
   *
   * @param tables the live tables as they are on the source
   * @param source a connection in autocommit mode
   * @param destination another
   */
  static List<SchemaChange> read(
      MirrorContext context, List<MirroredTable> tables, Connection source, Connection destination)
      throws SQLException {
    Map<Long, MirroredTable> byOid = new LinkedHashMap<>();
    tables.forEach(table -> byOid.put(table.table().oid(), table));
    MirrorConfig config = context.config();
    ConstraintScope constraints = ConstraintPlan.scope(config, byOid, destination);
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
