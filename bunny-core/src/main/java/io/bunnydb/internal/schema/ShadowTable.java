package io.bunnydb.internal.schema;

import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.schema.TableIndex.Role;
import io.bunnydb.internal.source.MirroredTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * The table beside a destination table that holds the rows which are to take the place of its own.
 * It has the mirrored columns and, when the rows are in, the keys, nothing else; and {@link
 * FirstCopy}'s mark for as long as it is there, by which it is known for Bunny's.
 */
public final class ShadowTable {
  private static final String PREFIX = "bunny_shadow_";

  private ShadowTable() {}

  /** The name of a destination table's shadow: in its schema, by its OID, so that it fits. */
  public static TableName name(Table target) {
    return new TableName(target.name().schema(), PREFIX + target.oid());
  }

  /** The shadows that a mirror has on the destination, left over or not. */
  public static Set<TableName> all(Connection destination, String mirror) throws SQLException {
    return new HashSet<>(
        Sql.query(
            destination,
            """
            SELECT n.nspname, c.relname
            FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND pg_catalog.starts_with(c.relname::text, ?)
              AND pg_catalog.obj_description(c.oid, 'pg_class') = ?
            """,
            row -> new TableName(row.getString(1), row.getString(2)),
            PREFIX,
            FirstCopy.markOf(mirror)));
  }

  /** Makes an empty one, for nobody's eyes but the mirror's. */
  public static void create(
      Connection destination, MirroredTable mirrored, Table target, String mirror)
      throws SQLException {
    TableName name = name(target);
    Sql.execute(
        destination,
        "CREATE TABLE "
            + name.toSql()
            + " AS SELECT "
            + Sql.identifiers(mirrored.columnNames())
            + " FROM "
            + target.toSql()
            + " WITH NO DATA");
    FirstCopy.mark(destination, name, mirror);
    revokeDefaults(destination, name);
  }

  /** Default privileges would let those read the rows who may not read them in their table. */
  private static void revokeDefaults(Connection destination, TableName name) throws SQLException {
    List<String> grantees =
        Sql.query(
            destination,
            """
            SELECT DISTINCT r.rolname
            FROM pg_catalog.pg_class c
            CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) a
            LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
            WHERE c.oid = CAST(CAST(? AS text) AS regclass) AND a.grantee <> c.relowner
            """,
            row -> row.getString(1) == null ? "PUBLIC" : Sql.identifier(row.getString(1)),
            name.toSql());
    if (!grantees.isEmpty()) {
      Sql.execute(
          destination,
          "REVOKE ALL ON TABLE " + name.toSql() + " FROM " + String.join(", ", grantees));
    }
  }

  /**
   * Its indexes, which follow the rows: the source's keys, or, where rows are found by the whole
   * row on the source, the primary key of the destination's table.
   */
  public static List<TableIndex> keys(MirroredTable mirrored, Table target) {
    List<TableIndex> keys = new ArrayList<>(TableCreator.keys(mirrored));
    List<String> primaryKey = target.primaryKey();
    if (keys.stream().noneMatch(key -> key.role() == Role.PRIMARY_KEY)
        && !primaryKey.isEmpty()
        && mirrored.columnNames().containsAll(primaryKey)) {
      keys.add(
          new TableIndex(
              Role.PRIMARY_KEY,
              PREFIX + target.oid(),
              "_pkey",
              true,
              "btree (" + Sql.identifiers(primaryKey) + ")",
              ""));
    }
    return keys;
  }

  /** Whether a shadow has the mirrored columns as its table has them; either may be altered. */
  public static boolean fits(MirroredTable mirrored, Table target, Table shadow) {
    List<String> names = mirrored.columnNames();
    if (shadow.columns().size() != names.size()) {
      return false;
    }
    for (String name : names) {
      Column there = target.column(name);
      Column here = shadow.column(name);
      if (there == null
          || here == null
          || there.isGenerated()
          || !there.typeSql().equals(here.typeSql())
          || there.typeOid() != here.typeOid()
          || !Objects.equals(there.collationSql(), here.collationSql())) {
        return false;
      }
    }
    return true;
  }
}
