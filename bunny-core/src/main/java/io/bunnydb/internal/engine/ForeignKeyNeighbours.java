package io.bunnydb.internal.engine;

import io.bunnydb.MirrorException;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The mirrored tables that foreign keys tie to others, on either side: where one of them stands
 * still and the others go on, rows may refer to rows that are not there. Used by the mirror's
 * thread.
 *
 * @param context the mirror
 */
record ForeignKeyNeighbours(MirrorContext context) {
  private static final String NEIGHBOURS =
      """
      SELECT DISTINCT n.nspname, c.relname
        FROM pg_catalog.pg_constraint k
        JOIN pg_catalog.pg_class c ON c.oid IN (k.conrelid, k.confrelid)
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE k.contype = 'f'
         AND pg_catalog.to_regclass(CAST(? AS text)) IN (k.conrelid, k.confrelid)
      """;

  /**
   * What to say of tables that are set aside; empty where no foreign key ties others to them. A
   * source that cannot be asked does not keep them from being set aside.
   */
  String sentence(Set<TableName> tables) throws SQLException {
    Set<TableName> found = new TreeSet<>();
    String unasked = "";
    Connection destination = context.destination().connection();
    add(found, tables, destination, TableMapping::destination);
    destination.rollback();
    try {
      add(found, tables, context.control().get(), TableMapping::source);
    } catch (SQLException | MirrorException e) {
      unasked = "; the source could not be asked for foreign keys: " + e.getMessage();
    }
    found.removeAll(tables);
    return (found.isEmpty()
            ? ""
            : "; foreign keys tie "
                + String.join(", ", found.stream().map(TableName::toString).toList())
                + " to it, which go on: look at these, too")
        + unasked;
  }

  private void add(
      Set<TableName> found,
      Set<TableName> tables,
      Connection side,
      Function<TableMapping, TableName> name)
      throws SQLException {
    List<TableMapping> mappings = context.tables().mappings();
    for (TableMapping table : mappings) {
      if (!tables.contains(table.source())) {
        continue;
      }
      Set<TableName> tied =
          Set.copyOf(
              Sql.query(
                  side,
                  NEIGHBOURS,
                  row -> new TableName(row.getString(1), row.getString(2)),
                  name.apply(table).toSql()));
      for (TableMapping other : mappings) {
        if (tied.contains(name.apply(other))) {
          found.add(other.source());
        }
      }
    }
  }
}
