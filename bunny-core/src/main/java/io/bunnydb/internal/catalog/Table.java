package io.bunnydb.internal.catalog;

import io.bunnydb.TableName;
import io.bunnydb.pgoutput.ReplicaIdentity;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A table as the catalog has it.
 *
 * @param name its name
 * @param oid its OID on that server
 * @param kind {@code pg_class.relkind}: {@code r} ordinary, {@code p} partitioned, others are not
 *     mirrored
 * @param isPermanent whether it is neither temporary nor unlogged
 * @param identity its replica identity
 * @param columns its columns in their order, dropped ones left out
 * @param primaryKey columns of the primary key in the key's order; empty where there is none
 * @param identityIndexColumns columns of the index that {@link ReplicaIdentity#INDEX} names; empty
 *     otherwise
 * @param estimatedRows the planner's count of rows; 0 where it has none
 */
public record Table(
    TableName name,
    long oid,
    String kind,
    boolean isPermanent,
    ReplicaIdentity identity,
    List<Column> columns,
    List<String> primaryKey,
    List<String> identityIndexColumns,
    long estimatedRows) {

  /** Whether it is a partitioned table, whose rows lie in its partitions. */
  public boolean isPartitioned() {
    return kind.equals("p");
  }

  /**
   * The table as a FROM or FOR TABLE clause names it: without the tables that inherit from it,
   * which are tables of their own; with the partitions of a partitioned one, which are not.
   */
  public String toSql() {
    return isPartitioned() ? name.toSql() : "ONLY " + name.toSql();
  }

  /** The column of that name, or null. */
  public @Nullable Column column(String columnName) {
    for (Column column : columns) {
      if (column.name().equals(columnName)) {
        return column;
      }
    }
    return null;
  }

  /** The columns of some names, in the table's order. */
  public List<Column> columnsOf(List<String> names) {
    return columns.stream().filter(column -> names.contains(column.name())).toList();
  }

  /**
   * The columns by which a row is found again: those of the replica identity, or the primary key
   * under {@link ReplicaIdentity#FULL}; empty where only the whole row tells.
   */
  public List<String> keyColumns() {
    return switch (identity) {
      case DEFAULT, FULL -> primaryKey;
      case INDEX -> identityIndexColumns;
      case NOTHING -> List.of();
    };
  }

  /** Whether UPDATE and DELETE can be published. */
  public boolean hasUsableIdentity() {
    return identity == ReplicaIdentity.FULL || !keyColumns().isEmpty();
  }
}
