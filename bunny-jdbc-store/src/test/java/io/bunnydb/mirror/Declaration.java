package io.bunnydb.mirror;

import io.bunnydb.testing.TestDatabase;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How a table is declared, read from the catalog, a line for each column, key and identity. */
final class Declaration {
  private static final String LINES =
      """
      WITH t AS (SELECT c.oid, c.relreplident FROM pg_class c WHERE c.oid = ?::regclass)
      SELECT line FROM (
        SELECT 1, a.attnum::text, concat_ws(' ', quote_ident(a.attname),
          format_type(a.atttypid, a.atttypmod),
          'COLLATE ' || CASE WHEN a.attcollation <> y.typcollation
            THEN a.attcollation::regcollation::text END,
          CASE a.attidentity WHEN 'a' THEN 'ALWAYS AS IDENTITY'
            WHEN 'd' THEN 'BY DEFAULT AS IDENTITY' END,
          CASE WHEN d.oid IS NULL THEN NULL WHEN a.attgenerated = 's' THEN 'STORED'
            WHEN a.attgenerated = 'v' THEN 'VIRTUAL' ELSE 'DEFAULT' END,
          pg_get_expr(d.adbin, d.adrelid),
          CASE WHEN a.attnotnull THEN 'NOT NULL' END)
        FROM t JOIN pg_attribute a ON a.attrelid = t.oid JOIN pg_type y ON y.oid = a.atttypid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT 2, k.conname, pg_get_constraintdef(k.oid)
        FROM t JOIN pg_constraint k ON k.conrelid = t.oid WHERE k.contype <> 'n'
        UNION ALL
        SELECT 3, x.indexrelid::text, regexp_replace(pg_get_indexdef(x.indexrelid),
          ' INDEX .* USING ', ' INDEX USING ')
        FROM t JOIN pg_index x ON x.indrelid = t.oid WHERE NOT x.indisprimary
        UNION ALL
        SELECT 4, '', 'REPLICA IDENTITY ' || CASE t.relreplident WHEN 'd' THEN 'DEFAULT'
          WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' ELSE
            (SELECT 'USING INDEX ' || string_agg(pg_get_indexdef(x.indexrelid, i, true), ', ')
             FROM pg_index x CROSS JOIN generate_series(1, x.indnkeyatts) i
             WHERE x.indrelid = t.oid AND x.indisreplident) END
        FROM t) AS all_lines (part, place, line)
      ORDER BY part, length(place), place
      """;

  private Declaration() {}

  /**
   * The lines: columns in their order, constraints (but NOT NULL) by name, indexes that are no
   * primary key, replica identity.
   *
   * @param table the name as in SQL
   */
  static List<@Nullable String> of(TestDatabase database, String table) {
    return database.queryStrings(LINES, table);
  }
}
