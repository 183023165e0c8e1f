package io.bunnydb;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which source table is mirrored, into which destination table, and how much of it.
 *
 * <p>Immutable; each method that changes something gives a new mapping.
 *
 * <pre>{@code
 * TableMapping.from("public.orders").to("sales.orders").excludeColumns("card").where("id > 10")
 * }</pre>
 *
 * @param source the table on the source
 * @param destination the table on the destination
 * @param partitionKey the column that a parallel copy of the table is divided by; null for the
 *     server's choice
 * @param excludedColumns columns, by their plain names, that never leave the source
 * @param filter SQL condition that a row must meet to be mirrored; null for every row
 * @param existingRow what an INSERT does whose row is there already; null for what holds for the
 *     mirror
 * @param missingRow what an UPDATE or DELETE does whose row is not there; null for what holds for
 *     the mirror
 */
public record TableMapping(
    TableName source,
    TableName destination,
    @Nullable String partitionKey,
    Set<String> excludedColumns,
    @Nullable String filter,
    @Nullable ExistingRowPolicy existingRow,
    @Nullable MissingRowPolicy missingRow) {

  /** Copies the set of columns, keeping its order. */
  public TableMapping {
    excludedColumns = Collections.unmodifiableSet(new LinkedHashSet<>(excludedColumns));
  }

  /**
   * A mapping of a whole table to the table of the same name.
   *
   * @param source the source table as a SQL identifier, see {@link TableName#parse}
   * @return the mapping
   * @throws IllegalArgumentException if the name is not schema-qualified or malformed
   */
  public static TableMapping from(String source) {
    return from(TableName.parse(source));
  }

  /** A mapping of a whole table to the table of the same name. */
  public static TableMapping from(TableName source) {
    return new TableMapping(source, source, null, Set.of(), null, null, null);
  }

  /**
   * The same mapping into another destination table.
   *
   * @param table the destination table as a SQL identifier, see {@link TableName#parse}
   * @return the new mapping
   * @throws IllegalArgumentException if the name is not schema-qualified or malformed
   */
  public TableMapping to(String table) {
    return with(TableName.parse(table), partitionKey, excludedColumns, filter);
  }

  /**
   * The same mapping with a column by whose ranges the table may be copied in parallel. It is kept
   * with the mapping; a table is copied as one range for now.
   *
   * @param column the column's plain name
   * @return the new mapping
   * @throws IllegalArgumentException if the name is blank
   */
  public TableMapping partitionKey(String column) {
    if (column.isBlank()) {
      throw new IllegalArgumentException("partition key of " + source + " is blank");
    }
    return with(destination, column, excludedColumns, filter);
  }

  /**
   * Whether another mapping gives the same destination table the same rows, however they are
   * copied.
   */
  public boolean hasSameRowsAs(TableMapping other) {
    return source.equals(other.source)
        && destination.equals(other.destination)
        && excludedColumns.equals(other.excludedColumns)
        && Objects.equals(filter, other.filter);
  }

  /**
   * The same mapping without some columns. They are left out of the publication, the copy and the
   * destination table that Bunny creates. Needs PostgreSQL 15 on the source.
   *
   * @param columns plain column names; they replace those excluded before
   * @return the new mapping
   */
  public TableMapping excludeColumns(String... columns) {
    return with(destination, partitionKey, new LinkedHashSet<>(Arrays.asList(columns)), filter);
  }

  /**
   * The same mapping for those rows alone that meet a condition. The source evaluates it, in the
   * copy and in the publication. Needs PostgreSQL 15 on the source; for UPDATE and DELETE it may
   * name only columns of the replica identity.
   *
   * @param condition a SQL condition over the table's columns, such as {@code id > 10}; it becomes
   *     part of SQL commands as it is, so it must come from a trusted place
   * @return the new mapping
   * @throws IllegalArgumentException if the condition is blank
   */
  public TableMapping where(String condition) {
    if (condition.isBlank()) {
      throw new IllegalArgumentException("row filter of " + source + " is blank");
    }
    return with(destination, partitionKey, excludedColumns, condition);
  }

  /**
   * The same mapping with another answer to an INSERT whose row is there already.
   *
   * @param policy instead of the mirror's
   * @return the new mapping
   */
  public TableMapping onExistingRow(ExistingRowPolicy policy) {
    return new TableMapping(
        source, destination, partitionKey, excludedColumns, filter, policy, missingRow);
  }

  /**
   * The same mapping with another answer to an UPDATE or DELETE whose row is not there.
   *
   * @param policy instead of the mirror's
   * @return the new mapping
   */
  public TableMapping onMissingRow(MissingRowPolicy policy) {
    return new TableMapping(
        source, destination, partitionKey, excludedColumns, filter, existingRow, policy);
  }

  private TableMapping with(
      TableName newDestination,
      @Nullable String newPartitionKey,
      Set<String> newExcludedColumns,
      @Nullable String newFilter) {
    return new TableMapping(
        source,
        newDestination,
        newPartitionKey,
        newExcludedColumns,
        newFilter,
        existingRow,
        missingRow);
  }
}
