package io.bunnydb.internal.schema;

import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The enums and domains that the type of a new column needs, and the destination has not. */
final class MissingTypes {
  // A column may be of such a type, of its arrays, or of a domain over either; what is needed by
  // another comes first. Types of an extension come with that.
  private static final String NEEDED =
      """
      WITH RECURSIVE used(oid, depth) AS (
        SELECT CAST(? AS oid), 0
        UNION
        SELECT part.oid, used.depth + 1
        FROM used
        JOIN pg_catalog.pg_type t ON t.oid = used.oid
        CROSS JOIN LATERAL (VALUES (t.typbasetype), (t.typelem)) part(oid)
        WHERE part.oid <> 0 AND t.oid >= 16384)
      SELECT t.name, CASE WHEN t.isofextension THEN NULL
        WHEN t.typtype = 'e' THEN
          'CREATE TYPE ' || t.name || ' AS ENUM ('
            || coalesce((SELECT pg_catalog.string_agg(pg_catalog.quote_literal(l.enumlabel), ', '
                                                      ORDER BY l.enumsortorder)
                         FROM pg_catalog.pg_enum l WHERE l.enumtypid = t.oid), '') || ')'
        WHEN t.typtype = 'd' THEN
          'CREATE DOMAIN ' || t.name || ' AS '
            || pg_catalog.format_type(t.typbasetype, t.typtypmod)
            || coalesce((SELECT ' COLLATE ' || pg_catalog.quote_ident(n.nspname) || '.'
                                || pg_catalog.quote_ident(c.collname)
                         FROM pg_catalog.pg_collation c
                         JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
                         JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
                         WHERE c.oid = t.typcollation AND c.oid <> b.typcollation), '')
            || coalesce(' DEFAULT ' || pg_catalog.pg_get_expr(t.typdefaultbin, 0), '')
            || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END
            || coalesce((SELECT pg_catalog.string_agg(
                                  ' CONSTRAINT ' || pg_catalog.quote_ident(k.conname) || ' '
                                    || pg_catalog.pg_get_constraintdef(k.oid), '' ORDER BY k.conname)
                         FROM pg_catalog.pg_constraint k
                         WHERE k.contypid = t.oid AND k.contype = 'c' AND k.convalidated), '') END
      FROM (SELECT y.*, u.depth, pg_catalog.format_type(y.oid, NULL) AS name, EXISTS
              (SELECT FROM pg_catalog.pg_depend d
               WHERE d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = y.oid
                 AND d.deptype = 'e') AS isofextension
            FROM used u JOIN pg_catalog.pg_type y ON y.oid = u.oid
            WHERE y.oid >= 16384 AND NOT (y.typtype = 'b' AND y.typcategory = 'A')) t
      ORDER BY t.depth DESC
      """;

  private static final String IS_THERE = "SELECT pg_catalog.to_regtype(?) IS NOT NULL";

  private MissingTypes() {}

  private record Needed(String name, Optional<String> sql) {}

  /**
   * The SQL that makes them, in its order; empty where the destination lacks a type of another
   * kind.
   */
  static Optional<List<String>> sql(Connection source, Connection destination, Column column)
      throws SQLException {
    if (Sql.queryBoolean(destination, IS_THERE, column.typeSql())) {
      return Optional.of(List.of());
    }
    List<String> statements = new ArrayList<>();
    for (Needed type :
        Sql.query(
            source,
            NEEDED,
            row -> new Needed(row.getString(1), Optional.ofNullable(row.getString(2))),
            column.typeOid())) {
      if (Sql.queryBoolean(destination, IS_THERE, type.name())) {
        continue;
      }
      if (type.sql().isEmpty()) {
        return Optional.empty();
      }
      statements.add(type.sql().get());
    }
    // Where nothing that can be made is missing, it is the type itself.
    return statements.isEmpty() ? Optional.empty() : Optional.of(statements);
  }
}
