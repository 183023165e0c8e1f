package io.bunnydb;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The schema-qualified name of a table.
 *
 * <p>Immutable. The two parts are held as PostgreSQL's catalog holds them: without quotes, in their
 * exact case.
 *
 * @param schema the schema's name
 * @param name the table's name within the schema
 */
public record TableName(String schema, String name) implements Comparable<TableName> {

  private static final Pattern PLAIN = Pattern.compile("[a-z_][a-z0-9_$]*");

  /**
   * Refuses empty parts.
   *
   * @throws IllegalArgumentException if a part is empty or holds a NUL character
   */
  public TableName {
    checkIdentifier(schema);
    checkIdentifier(name);
  }

  /**
   * Reads a name as SQL does: {@code public.users}, {@code "My Schema"."T.x"}. Unquoted parts fold
   * to lower case; in quoted parts a doubled quote stands for one.
   *
   * @param text schema and table, divided by a dot
   * @return the name
   * @throws IllegalArgumentException if the text is not two SQL identifiers divided by a dot
   */
  public static TableName parse(String text) {
    List<String> parts = new ArrayList<>();
    int at = 0;
    while (true) {
      StringBuilder part = new StringBuilder();
      at =
          at < text.length() && text.charAt(at) == '"'
              ? readQuoted(text, at + 1, part)
              : readPlain(text, at, part);
      parts.add(part.toString());
      if (at == text.length()) {
        break;
      }
      if (text.charAt(at) != '.') {
        throw malformed(text);
      }
      at++;
    }
    if (parts.size() != 2) {
      throw malformed(text);
    }
    return new TableName(parts.get(0), parts.get(1));
  }

  private static int readQuoted(String text, int from, StringBuilder part) {
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '"') {
        part.append(c);
      } else if (i + 1 < text.length() && text.charAt(i + 1) == '"') {
        part.append('"');
        i++;
      } else {
        return i + 1;
      }
    }
    throw malformed(text);
  }

  private static int readPlain(String text, int from, StringBuilder part) {
    int i = from;
    while (i < text.length() && isPlain(text.charAt(i))) {
      i++;
    }
    if (i == from) {
      throw malformed(text);
    }
    part.append(text.substring(from, i).toLowerCase(Locale.ROOT));
    return i;
  }

  private static boolean isPlain(char c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '$';
  }

  private static IllegalArgumentException malformed(String text) {
    return new IllegalArgumentException(
        "not a schema-qualified table name (expected a form such as public.users or"
            + " \"My Schema\".\"My Table\"): "
            + text);
  }

  private static void checkIdentifier(String part) {
    if (part.isEmpty() || part.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          "a schema or table name is empty or holds a NUL character");
    }
  }

  /** The name for use in SQL, both parts quoted: {@code "public"."users"}. */
  public String toSql() {
    return quote(schema) + "." + quote(name);
  }

  private static String quote(String part) {
    return '"' + part.replace("\"", "\"\"") + '"';
  }

  @Override
  public int compareTo(TableName other) {
    int bySchema = schema.compareTo(other.schema);
    return bySchema != 0 ? bySchema : name.compareTo(other.name);
  }

  /** The name as a person writes it, quoted only where SQL needs it: {@code public.users}. */
  @Override
  public String toString() {
    return display(schema) + "." + display(name);
  }

  private static String display(String part) {
    return PLAIN.matcher(part).matches() ? part : quote(part);
  }
}
