package io.bunnydb.internal.schema;

import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Sql;

/**
 * A check or foreign-key constraint that a destination table is to have.
 *
 * @param table the destination table
 * @param name its name, as on the source
 * @param definition what follows the name in SQL
 * @param isToValidate whether the rows that are there are to be held against it, when it is made
 */
public record TableConstraint(
    TableName table, String name, String definition, boolean isToValidate) {

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
    return definition.startsWith("CHECK");
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
