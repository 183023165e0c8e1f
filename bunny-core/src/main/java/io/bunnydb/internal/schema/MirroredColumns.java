package io.bunnydb.internal.schema;

import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.source.MirroredTable;
import java.util.List;

/**
 * The columns of a source table and of its destination, held against each other by name.
 *
 * @param mirrored the source table and its mapping
 * @param target the destination table
 */
record MirroredColumns(MirroredTable mirrored, Table target) {

  /** The source's columns that belong on the destination: not excluded, nor computed from such. */
  List<Column> wanted() {
    return TableCreator.createdColumns(mirrored);
  }

  /** Whether a column belongs on the destination and is there. */
  boolean isMatched(String column) {
    return target.column(column) != null
        && wanted().stream().anyMatch(c -> c.name().equals(column));
  }

  /** The columns that belong on the destination and are not there. */
  List<Column> missing() {
    return wanted().stream().filter(c -> target.column(c.name()) == null).toList();
  }

  /** The destination's columns that the source has not, and that are not excluded. */
  List<Column> unmatched() {
    return target.columns().stream()
        .filter(c -> mirrored.table().column(c.name()) == null)
        .filter(c -> !mirrored.mapping().excludedColumns().contains(c.name()))
        .toList();
  }
}
