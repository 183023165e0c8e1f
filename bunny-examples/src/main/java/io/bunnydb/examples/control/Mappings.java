package io.bunnydb.examples.control;

import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Table mappings as requests and answers hold them. */
final class Mappings {
  private Mappings() {}

  /**
   * One mapping in an answer; it may stand in a request as it is.
   *
   * @param sourceTable schema and table, as SQL writes them
   * @param destinationTable the same of the destination
   * @param partitionKey the column that a copy is divided by; null for none
   * @param excludeColumns plain names of columns that stay on the source
   */
  record View(
      String sourceTable,
      String destinationTable,
      @Nullable String partitionKey,
      List<String> excludeColumns) {
    static View of(TableMapping mapping) {
      return new View(
          mapping.source().toString(),
          mapping.destination().toString(),
          mapping.partitionKey(),
          List.copyOf(mapping.excludedColumns()));
    }
  }

  /** Mappings for an answer. */
  static List<View> views(List<TableMapping> mappings) {
    return mappings.stream().map(View::of).toList();
  }

  /**
   * Reads the field {@code table_mappings}.
   *
   * @throws FieldException if it is missing or one of them is malformed
   */
  static List<TableMapping> read(Fields request) {
    List<TableMapping> mappings = new ArrayList<>();
    for (Fields each : request.objects("table_mappings")) {
      mappings.add(readOne(each));
    }
    return mappings;
  }

  private static TableMapping readOne(Fields fields) {
    TableName source = name(fields, "source_schema", "source_table", fields.text("source_table"));
    String destinationTable = fields.textOrNull("destination_table");
    if (destinationTable == null && fields.has("destination_schema")) {
      throw new FieldException(fields.nameOf("destination_table"), "is missing");
    }
    TableName destination =
        destinationTable == null
            ? source
            : name(fields, "destination_schema", "destination_table", destinationTable);
    TableMapping mapping = TableMapping.from(source).to(destination.toSql());
    String partitionKey = fields.textOrNull("partition_key");
    if (partitionKey != null) {
      if (partitionKey.isBlank()) {
        throw new FieldException(fields.nameOf("partition_key"), "is blank");
      }
      mapping = mapping.partitionKey(partitionKey);
    }
    mapping = mapping.excludeColumns(fields.texts("exclude_columns").toArray(String[]::new));
    fields.refuseOthers();
    return mapping;
  }

  /** The two halves by themselves are plain names; together they are written as in SQL. */
  private static TableName name(Fields fields, String schemaField, String field, String table) {
    String schema = fields.textOrNull(schemaField);
    try {
      return schema == null ? TableName.parse(table) : new TableName(schema, table);
    } catch (IllegalArgumentException e) {
      throw new FieldException(fields.nameOf(field), String.valueOf(e.getMessage()));
    }
  }
}
