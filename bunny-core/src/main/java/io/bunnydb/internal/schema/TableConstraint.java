package io.bunnydb.internal.schema;

import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Sql;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * A check or foreign-key constraint that a destination table is to have.
 *
 * @param table the destination table
 * @param name its name, as on the source
 * @param definition what follows the name in SQL
 * @param isToValidate whether the rows that are there are to be held against it, when it is made
 * @param referenced the table that a foreign key refers to; null for a check
 */
public record TableConstraint(
    TableName table,
    String name,
    String definition,
    boolean isToValidate,
    @Nullable TableName referenced) {

  /** The SQL that makes it, for which no row is read. */
  public String addSql() {
    return "ALTER TABLE "
        + table.toSql()
        + " ADD CONSTRAINT "
        + Sql.identifier(name)
        + " "
        + definition;
  }

  /** Whether it is a check, which is in force for whoever writes. */
  public boolean isCheck() {
    return referenced == null;
  }

  /** Whether it is about rows of one of some tables. */
  public boolean concerns(Collection<TableName> tables) {
    return tables.contains(table) || (referenced != null && tables.contains(referenced));
  }

  /** The SQL that drops it. */
  public String dropSql() {
    return "ALTER TABLE " + table.toSql() + " DROP CONSTRAINT " + Sql.identifier(name);
  }

  /** The SQL that holds the rows that are there against it. */
  public String validateSql() {
    return "ALTER TABLE " + table.toSql() + " VALIDATE CONSTRAINT " + Sql.identifier(name);
  }
}
