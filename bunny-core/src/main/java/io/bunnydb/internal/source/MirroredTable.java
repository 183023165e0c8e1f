package io.bunnydb.internal.source;

import io.bunnydb.TableMapping;
import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.Table;
import java.util.List;

/**
 * A mapping together with the source table that it names.
 *
 * @param mapping the mapping
 * @param table the source table as its catalog has it
 */
public record MirroredTable(TableMapping mapping, Table table) {

  /** The columns whose values are mirrored: neither excluded nor computed by an expression. */
  public List<Column> columns() {
    return table.columns().stream()
        .filter(c -> !c.isGenerated() && !mapping.excludedColumns().contains(c.name()))
        .toList();
  }

  /** The names of {@link #columns}. */
  public List<String> columnNames() {
    return columns().stream().map(Column::name).toList();
  }
}
