package io.bunnydb.internal.schema;

import io.bunnydb.SchemaChange;
import io.bunnydb.TableMapping;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.source.MirroredTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The differences between the tables of a source and their destinations, and what removes them.
 * Reads only.
 */
public final class SchemaDiff {
  private final Connection source;
  private final Connection destination;
  private final String slot;
  private final String publication;
  private final RowScan rows;

  /**
   * A comparison of two databases.
   *
   * @param source not in autocommit mode; what shows an expression takes the lock of a reader, too
   * @param destination not in autocommit mode; the same goes for it
   * @param slot the name of the slot from which the changes come
   * @param publication the name of their publication
   * @param fruitless the columns whose rows are not to be looked through again
   */
  public SchemaDiff(
      Connection source,
      Connection destination,
      String slot,
      String publication,
      FruitlessScans fruitless) {
    this.source = source;
    this.destination = destination;
    this.slot = slot;
    this.publication = publication;
    this.rows = new RowScan(source, fruitless);
  }

  /**
   * What is to be done for one table; nothing where one of the sides has not got it. The source's
   * table keeps its shape until the source's transaction ends.
   */
  public List<SchemaChange> changes(TableMapping mapping) throws SQLException {
    List<SchemaChange> changes = new ArrayList<>();
    Optional<Table> known = Catalog.table(destination, mapping.destination());
    Optional<Table> found = Catalog.table(source, mapping.source());
    if (known.isEmpty() || found.isEmpty()) {
      return changes;
    }
    hold(found.get());
    Optional<Table> wanted = Catalog.table(source, mapping.source());
    if (wanted.isEmpty()) {
      return changes;
    }
    MirroredColumns both =
        new MirroredColumns(new MirroredTable(mapping, wanted.get()), known.get());
    Comments comments = Comments.read(source, wanted.get());
    EnumLabels.addChanges(source, destination, both, changes);
    ColumnHistory history = ColumnHistory.read(source, wanted.get().oid(), slot);
    String renamed =
        new NewColumns(source, destination, both, history, publication, rows, changes)
            .addChanges(comments);
    ColumnChanges.add(both, history, renamed, changes);
    comments.addChanges(both, Comments.read(destination, known.get()), changes);
    return changes;
  }

  /** Whether a change adds a column that the source has, or the type that this needs. */
  public static boolean isAddition(SchemaChange change) {
    return change.sql().startsWith("CREATE ")
        || change.sql().startsWith(NewColumns.alter(change.table(), "ADD COLUMN "));
  }

  /** Whether a change gives a column this name, which it has on the source. */
  public static boolean isRename(SchemaChange change, String column) {
    return change.sql().startsWith(NewColumns.alter(change.table(), "RENAME COLUMN "))
        && change.sql().endsWith(" TO " + Sql.identifier(column));
  }

  /** Takes the lock of a reader, which an ALTER TABLE waits for, or is waited for. */
  private void hold(Table table) throws SQLException {
    Sql.execute(source, "SELECT FROM " + table.toSql() + " LIMIT 0");
  }
}
