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
import java.util.StringJoiner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The note on a table that Bunny made which constraints it is still to get: the comment of the
 * table's row type, which nobody else writes and {@code pg_dump} leaves out. It tells tables that
 * Bunny made from those of users, and a constraint that is missing from one that a user dropped.
 *
 * @param toCome the names of those that are still to be made
 * @param made the names of those that were made, and are still to be validated
 */
public record ConstraintNote(List<String> toCome, List<String> made) {
  /** What a table has that is to get none. */
  public static final ConstraintNote NONE = new ConstraintNote(List.of(), List.of());

  private static final String MARK = "Bunny: constraints to come, of mirror ";
  private static final String MADE = "made ";
  private static final Pattern NAME = Pattern.compile("(" + MADE + ")?\"((?:[^\"]|\"\")+)\"");

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

  /** Copies the lists. */
  public ConstraintNote {
    toCome = List.copyOf(toCome);
    made = List.copyOf(made);
  }

  /** The notes on the tables that a mirror has made. */
  public static Map<TableName, ConstraintNote> read(Connection destination, String mirror)
      throws SQLException {
    Map<TableName, ConstraintNote> notes = new LinkedHashMap<>();
    Sql.query(
        destination,
        NOTES,
        row ->
            notes.put(new TableName(row.getString(1), row.getString(2)), parse(row.getString(3)))
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
    String note = new ConstraintNote(constraints, List.of()).sql(table, mirror);
    Sql.execute(destination, note);
    return List.of(note);
  }

  /**
   * Brings the note of a table up to date, if it has one.
   *
   * @param made constraints that were made, and are still to be validated
   * @param done constraints about which nothing is to be done any more
   */
  public static void update(
      Connection destination,
      TableName table,
      String mirror,
      Collection<String> made,
      Collection<String> done)
      throws SQLException {
    ConstraintNote known = read(destination, mirror).getOrDefault(table, NONE);
    ConstraintNote changed = known.with(made, done);
    if (!changed.equals(known)) {
      Sql.execute(destination, changed.sql(table, mirror));
    }
  }

  ConstraintNote with(Collection<String> nowMade, Collection<String> done) {
    List<String> left = new ArrayList<>(toCome);
    List<String> validating = new ArrayList<>(made);
    for (String name : nowMade) {
      if (left.remove(name)) {
        validating.add(name);
      }
    }
    left.removeAll(done);
    validating.removeAll(done);
    return new ConstraintNote(left, validating);
  }

  /** The names of all, made or not. */
  public List<String> names() {
    List<String> names = new ArrayList<>(toCome);
    names.addAll(made);
    return names;
  }

  private String sql(TableName table, String mirror) {
    return "COMMENT ON TYPE "
        + table.toSql()
        + " IS "
        + (equals(NONE) ? "NULL" : Sql.literal(prefix(mirror) + text()));
  }

  /** The names as SQL writes them, with a word before those that were made. */
  String text() {
    StringJoiner text = new StringJoiner(", ");
    toCome.forEach(name -> text.add(Sql.identifier(name)));
    made.forEach(name -> text.add(MADE + Sql.identifier(name)));
    return text.toString();
  }

  static ConstraintNote parse(String text) {
    List<String> toCome = new ArrayList<>();
    List<String> made = new ArrayList<>();
    Matcher matcher = NAME.matcher(text);
    while (matcher.find()) {
      (matcher.group(1) == null ? toCome : made).add(matcher.group(2).replace("\"\"", "\""));
    }
    return new ConstraintNote(toCome, made);
  }

  /** A mirror's name has no line break. */
  private static String prefix(String mirror) {
    return MARK + mirror + ":\n";
  }
}
