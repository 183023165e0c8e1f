package io.bunnydb.internal.engine;

import io.bunnydb.internal.apply.Applier;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.WireType;
import io.bunnydb.internal.source.MirroredTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/** Whether the source may send values in their types' binary form. */
final class BinaryForm {
  private BinaryForm() {}

  /**
   * Whether the values of all columns have one binary form on both sides. What the log holds of
   * before may have had another, and a table may be altered; this only spares a session that is
   * sure to fail.
   */
  static boolean isShared(
      List<MirroredTable> tables, WireType.Directory sourceTypes, Connection destination)
      throws SQLException {
    if (!Applier.takesBinary(destination)) {
      return false;
    }
    WireType.Directory types = WireType.directory(destination);
    for (MirroredTable table : tables) {
      Map<String, Long> columns = Catalog.columnTypes(destination, table.mapping().destination());
      for (Column column : table.columns()) {
        WireType type = sourceTypes.of(column.typeOid());
        Long other = columns.get(column.name());
        if (type == null || (other != null && !type.equals(types.of(other)))) {
          return false;
        }
      }
    }
    return true;
  }
}
