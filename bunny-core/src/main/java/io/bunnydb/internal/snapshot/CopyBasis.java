package io.bunnydb.internal.snapshot;

import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.spi.SourceIdentity;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What must be the same still for the rows of a copy that was broken off to be of use. */
final class CopyBasis {
  // Rows stay at their places for as long as the table has the same file. Columns by their numbers:
  // one that is dropped and made anew, with another default, shows other values in old rows.
  private static final String FILE =
      """
      SELECT pg_catalog.concat_ws(' ', c.oid, c.reltablespace, pg_catalog.pg_relation_filenode(c.oid))
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_am a ON a.oid = c.relam
      WHERE c.oid = CAST(? AS oid) AND c.relkind = 'r' AND a.amname = 'heap'
      """;

  private static final String COLUMNS =
      """
      SELECT pg_catalog.concat_ws(' ', attnum, atttypid, atttypmod, attcollation, attname)
      FROM pg_catalog.pg_attribute
      WHERE attrelid = CAST(? AS oid) AND attnum > 0 AND NOT attisdropped
      ORDER BY attnum
      """;

  // A value may hold labels and attributes by their numbers, so it shows other words when its type
  // is altered, though its row is not. Of all columns, as the filter may name any.
  private static final String TYPES =
      """
      WITH RECURSIVE used (oid) AS (
        SELECT atttypid FROM pg_catalog.pg_attribute
        WHERE attrelid = CAST(? AS oid) AND attnum > 0 AND NOT attisdropped
        UNION
        SELECT part.oid
        FROM used
        JOIN pg_catalog.pg_type t ON t.oid = used.oid
        CROSS JOIN LATERAL (
          VALUES (t.typbasetype), (t.typelem)
          UNION ALL
          SELECT rngsubtype FROM pg_catalog.pg_range WHERE t.oid IN (rngtypid, rngmultitypid)
          UNION ALL
          SELECT atttypid FROM pg_catalog.pg_attribute
          WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped) part (oid))
      SELECT pg_catalog.concat_ws(' ', t.oid, t.typbasetype, t.typtypmod,
               ARRAY(SELECT enumlabel FROM pg_catalog.pg_enum
                     WHERE enumtypid = t.oid ORDER BY enumsortorder),
               ARRAY(SELECT pg_catalog.concat_ws(' ', attnum, atttypid, atttypmod, attname)
                     FROM pg_catalog.pg_attribute
                     WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped
                     ORDER BY attnum))
      FROM used
      JOIN pg_catalog.pg_type t ON t.oid = used.oid
      ORDER BY t.oid
      """;

  private CopyBasis() {}

  /**
   * A digest of it; null where rows cannot be kept: of other tables than plain heaps, and of those
   * without a primary key that is copied, by which rows are found again that are to go.
   *
   * @param origin the source, whose timeline tells a transaction's number from the same one that
   *     was given anew
   */
  static @Nullable String of(
      Connection source,
      Connection destination,
      MirroredTable mirrored,
      Table target,
      SourceIdentity origin)
      throws SQLException {
    Table table = mirrored.table();
    String file = Sql.queryText(source, FILE, table.oid());
    List<String> columns = mirrored.columnNames();
    boolean isKeyed =
        !table.primaryKey().isEmpty()
            && columns.containsAll(table.primaryKey())
            && table.primaryKey().stream().allMatch(name -> target.column(name) != null);
    if (file == null || !isKeyed) {
      return null;
    }
    return digest(
        String.join(
            "\n",
            origin.toString(),
            file,
            lines(source, COLUMNS, table),
            lines(source, TYPES, table),
            String.join("\n", columns),
            "filter " + mirrored.mapping().filter(),
            Long.toString(target.oid()),
            lines(destination, COLUMNS, target)));
  }

  private static String lines(Connection connection, String query, Table table)
      throws SQLException {
    return String.join("\n", Sql.query(connection, query, row -> row.getString(1), table.oid()));
  }

  private static String digest(String text) {
    try {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
