package io.bunnydb.internal.schema;

import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The value that a column of the source had, when it was added, in the rows that were there.
 *
 * <p>Adding a column writes no row where its default is a constant: the server keeps the value
 * beside the table ({@code pg_attribute.attmissingval}), for as long as the table is not written
 * anew. Without a default it keeps nothing, and the value is NULL. A default that differs from row
 * to row, such as {@code random()}, writes the table anew.
 *
 * @param isKnown whether the value is known
 * @param text the value as its type's output function writes it; null for NULL, and where it is not
 *     known
 */
record OldValue(boolean isKnown, @Nullable String text) {
  /** A value that nothing tells. */
  static final OldValue UNKNOWN = new OldValue(false, null);

  // A table's first file has its OID for a name, one into which it was written anew has not.
  private static final String STORED =
      """
      SELECT CASE WHEN a.atthasmissing THEN a.attmissingval::text END, c.relfilenode = c.oid
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_attribute a
        ON a.attrelid = c.oid AND a.attname = ? AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.oid = CAST(? AS oid) AND c.relkind = 'r'
         OR c.oid IN (SELECT p.relid FROM pg_catalog.pg_class r
                      CROSS JOIN LATERAL pg_catalog.pg_partition_tree(r.oid::regclass) p
                      WHERE r.oid = CAST(? AS oid) AND r.relkind = 'p' AND p.isleaf)
      """;

  /** What one table, or one partition, keeps of it. */
  private record Kept(@Nullable String value, boolean isFirstFile) {}

  /** Reads it; a partitioned table has it if none of its partitions says otherwise. */
  static OldValue read(Connection source, Table table, String column) throws SQLException {
    List<Kept> kept =
        Sql.query(
            source,
            STORED,
            row -> new Kept(row.getString(1), row.getBoolean(2)),
            column,
            table.oid(),
            table.oid());
    Set<String> values = new HashSet<>();
    for (Kept each : kept) {
      String value = each.value();
      if (value != null) {
        values.add(element(value));
      } else if (!each.isFirstFile()) {
        return UNKNOWN;
      }
    }
    // A partition that keeps none beside others that do was made when the column was there.
    return values.size() > 1
        ? UNKNOWN
        : new OldValue(true, values.isEmpty() ? null : values.iterator().next());
  }

  /**
   * The one element of an array in text form ("Array Input and Output Syntax" in the PostgreSQL
   * documentation), whatever its type's delimiter.
   */
  static String element(String array) {
    String inner = array.substring(1, array.length() - 1);
    if (!inner.startsWith("\"")) {
      return inner;
    }
    StringBuilder text = new StringBuilder();
    for (int i = 1; i < inner.length() - 1; i++) {
      if (inner.charAt(i) == '\\') {
        i++;
      }
      text.append(inner.charAt(i));
    }
    return text.toString();
  }
}
