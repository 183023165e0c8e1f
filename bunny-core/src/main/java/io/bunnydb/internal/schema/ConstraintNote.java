package io.bunnydb.internal.schema;

import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The note on a table that Bunny made which constraints it is still to get: the comment of the
 * table's row type, which nobody else writes and {@code pg_dump} leaves out. It tells tables that
 * Bunny made from those of users, and a constraint that is missing from one that a user dropped.
 */
public final class ConstraintNote {
  private static final String MARK = "Bunny: constraints to come, of mirror ";
  private static final Pattern IDENTIFIER = Pattern.compile("\"((?:[^\"]|\"\")+)\"");

  private static final String NOTES =
      """
      SELECT n.nspname, c.relname,
             pg_catalog.substr(d.description, pg_catalog.length(CAST(? AS text)) + 1)
      FROM pg_catalog.pg_description d
      JOIN pg_catalog.pg_class c ON c.reltype = d.objoid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE d.classoid = 'pg_catalog.pg_type'::regclass AND d.objsubid = 0
        AND pg_catalog.starts_with(d.description, CAST(? AS text))
      ORDER BY c.oid
      """;

  private ConstraintNote() {}

  /** The names of the constraints to come, by the tables that a mirror has made. */
  public static Map<TableName, List<String>> read(Connection destination, String mirror)
      throws SQLException {
    Map<TableName, List<String>> notes = new LinkedHashMap<>();
    Sql.query(
        destination,
        NOTES,
        row ->
            notes.put(new TableName(row.getString(1), row.getString(2)), names(row.getString(3)))
                == null,
        prefix(mirror),
        prefix(mirror));
    return notes;
  }

  /**
   * Writes the note of a table that was just made, unless no constraints are to come.
   *
   * @param constraints their names on the source
   * @return the SQL that did it
   */
  public static List<String> write(
      Connection destination, TableName table, String mirror, List<String> constraints)
      throws SQLException {
    if (constraints.isEmpty()) {
      return List.of();
    }
    String note = sql(table, mirror, constraints);
    Sql.execute(destination, note);
    return List.of(note);
  }

  private static String sql(TableName table, String mirror, List<String> constraints) {
    String note =
        constraints.isEmpty() ? "NULL" : Sql.literal(prefix(mirror) + Sql.identifiers(constraints));
    return "COMMENT ON TYPE " + table.toSql() + " IS " + note;
  }

  /** Takes constraints off the note of a table. */
  public static void remove(
      Connection destination, TableName table, String mirror, Collection<String> constraints)
      throws SQLException {
    List<String> left = new ArrayList<>(read(destination, mirror).getOrDefault(table, List.of()));
    if (left.removeAll(constraints)) {
      Sql.execute(destination, sql(table, mirror, left));
    }
  }

  /** A mirror's name has no line break. */
  private static String prefix(String mirror) {
    return MARK + mirror + ":\n";
  }

  private static List<String> names(String identifiers) {
    List<String> names = new ArrayList<>();
    Matcher matcher = IDENTIFIER.matcher(identifiers);
    while (matcher.find()) {
      names.add(matcher.group(1).replace("\"\"", "\""));
    }
    return names;
  }
}
