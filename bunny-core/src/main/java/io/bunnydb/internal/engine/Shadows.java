package io.bunnydb.internal.engine;

import io.bunnydb.ApplyException;
import io.bunnydb.CopyException;
import io.bunnydb.ErrorKind;
import io.bunnydb.MirrorException;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.ErrorKinds;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.schema.ShadowTable;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The shadows of a mirror's tables on the destination. Used by the mirror's thread. */
final class Shadows {
  private static final String LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'";

  private final MirrorContext context;
  private final String mirror;
  private final Checkpoints checkpoints;

  Shadows(MirrorContext context, Checkpoints checkpoints) {
    this.context = context;
    this.mirror = context.config().name();
    this.checkpoints = checkpoints;
  }

  /** A table's mapping into its shadow. */
  static TableMapping mapping(Connection destination, TableMapping mapping) throws SQLException {
    Optional<Table> target = Catalog.table(destination, mapping.destination());
    if (target.isEmpty()) {
      throw new SQLException("destination table " + mapping.destination() + " is gone", "42P01");
    }
    return mapping.to(ShadowTable.name(target.get()).toSql());
  }

  /**
   * Makes what is missing and drops what is left over, in the transaction that is open. A shadow
   * that is gone, or whose table was altered, is begun anew.
   *
   * @param tables the checkpoint's tables, as they are on the source
   * @return the checkpoint that goes with it
   */
  Checkpoint complete(Checkpoint checkpoint, List<MirroredTable> tables, Connection destination)
      throws SQLException {
    Set<TableName> present = ShadowTable.all(destination, mirror);
    if (present.isEmpty() && !SwapRules.isUnderWay(checkpoint)) {
      return checkpoint;
    }
    // Another session may read a shadow, to dump it for instance.
    Sql.execute(destination, LOCK_TIMEOUT);
    List<TableCheckpoint> result = new ArrayList<>();
    Set<TableName> wanted = new HashSet<>();
    for (int i = 0; i < tables.size(); i++) {
      TableCheckpoint table = checkpoint.tables().get(i);
      if (table.shadow() == null) {
        result.add(table);
        continue;
      }
      Table target = Catalog.table(destination, table.mapping().destination()).orElse(null);
      String obstacle = obstacle(tables.get(i), target);
      if (target == null || !obstacle.isEmpty()) {
        tellOfEnd(new CopyException(mirror, table.mapping().source(), null, obstacle, null));
        result.add(SwapRules.giveUp(table));
        continue;
      }
      TableName name = ShadowTable.name(target);
      wanted.add(name);
      result.add(
          present.contains(name) && fits(tables.get(i), target, destination)
              ? table
              : begin(table, tables.get(i), target, destination));
    }
    for (TableName left : present) {
      if (!wanted.contains(left)) {
        dropLeftover(left, destination);
      }
    }
    return checkpoint.withTables(result);
  }

  /** Why a table can have no shadow; empty where it can. */
  private static String obstacle(MirroredTable table, @Nullable Table target) {
    if (target == null) {
      return "its destination table is gone";
    }
    for (String column : table.columnNames()) {
      if (target.column(column) == null) {
        return "its destination table has no column " + column;
      }
    }
    return "";
  }

  private static boolean fits(MirroredTable table, Table target, Connection destination)
      throws SQLException {
    return Catalog.table(destination, ShadowTable.name(target))
        .filter(shadow -> ShadowTable.fits(table, target, shadow))
        .isPresent();
  }

  private TableCheckpoint begin(
      TableCheckpoint known, MirroredTable table, Table target, Connection destination)
      throws SQLException {
    Sql.execute(destination, "DROP TABLE IF EXISTS " + ShadowTable.name(target).toSql());
    ShadowTable.create(destination, table, target, mirror);
    if (!SwapRules.shadowIsIn(known, TableState.COPYING)) {
      context.note(
          "the rows of "
              + known.mapping().source()
              + " are copied beside the table once more, as it was altered or the copy is gone");
    }
    return SwapRules.begin(known);
  }

  /** What cannot be dropped now is the next session's to drop. */
  private void dropLeftover(TableName shadow, Connection destination) throws SQLException {
    Savepoint before = destination.setSavepoint();
    try {
      Sql.execute(destination, "DROP TABLE " + shadow.toSql());
      destination.releaseSavepoint(before);
    } catch (SQLException e) {
      ErrorKind kind = ErrorKinds.ofSqlState(e.getSQLState());
      if (kind != ErrorKind.CONTENTION && kind != ErrorKind.PRIVILEGE) {
        throw e;
      }
      destination.rollback(before);
      context.warn(
          "table "
              + shadow
              + " of the destination, which is left over of a resync, could not be dropped; it is"
              + " tried again at the next start, or do it by hand: "
              + e.getMessage(),
          Map.of("destinationTable", shadow.toString()));
    }
  }

  /** Drops all of them. */
  void drop() throws SQLException {
    Connection destination = context.destination().connection();
    Sql.execute(destination, LOCK_TIMEOUT);
    for (TableName shadow : ShadowTable.all(destination, mirror)) {
      Sql.execute(destination, "DROP TABLE " + shadow.toSql());
    }
    destination.commit();
  }

  /**
   * Gives the swap up that an error has ended for good, so that the tables go on with the rows that
   * they have.
   *
   * @return whether it was such an error
   */
  boolean giveUp(MirrorException error) throws SQLException {
    if (!(error instanceof CopyException || error instanceof ApplyException)) {
      return false;
    }
    Checkpoint known = checkpoints.settled();
    boolean isOfShadow =
        known.tables().stream()
            .filter(table -> table.shadow() != null)
            .anyMatch(table -> concerns(error, table, known));
    if (!isOfShadow) {
      return false;
    }
    checkpoints.save(known.withTables(known.tables().stream().map(SwapRules::giveUp).toList()));
    tellOfEnd(error);
    return true;
  }

  private void tellOfEnd(MirrorException error) {
    context
        .events()
        .error(
            error.getMessage()
                + "; the resync by swap is given up, and the destination tables go on with the rows"
                + " that they have: see to that, then call it again",
            Map.of());
    context.lifecycle().tell(listener -> listener.onError(mirror, error));
  }

  /** A change that was refused concerns the shadow where that is what is followed. */
  private static boolean concerns(MirrorException error, TableCheckpoint table, Checkpoint known) {
    if (error instanceof ApplyException) {
      return SwapRules.standsStill(table) && table.mapping().source().equals(error.table());
    }
    return error.table() == null
        ? !known.hasTableIn(TableState.COPYING)
        : error.table().equals(table.mapping().source());
  }
}
