package io.bunnydb.internal.verify;

import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.snapshot.PageRange;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The queries that compare one side's rows. Immutable.
 *
 * <p>What is compared is the text of a row of the mirrored columns, as the output functions write
 * it: NULL is told from an empty value, and every type has one, while some have no equality. Its
 * MD5 is the same on every version.
 */
final class RowsSql {
  // What the driver takes for a parameter, and where it does not.
  private static final Pattern QUESTION_MARK =
      Pattern.compile(
          "(?s)[eE]'(?:\\\\.|''|[^'\\\\])*'|'(?:''|[^'])*'|\"(?:\"\"|[^\"])*\""
              + "|\\$(\\w*)\\$.*?\\$\\1\\$|--[^\\n]*|/\\*.*?\\*/|\\?");
  private static final String VERSION = "tableoid::text || ' ' || ctid::text || ' ' || xmin::text";

  private final Table table;
  private final List<String> columns;
  private final Map<String, String> casts;
  private final TableKey key;
  private final RangeSql ranges;
  private final @Nullable String filter;
  private final boolean isConverted;

  /**
   * Queries of a table.
   *
   * @param columns the mirrored columns
   * @param casts types by the columns whose text is compared as that type writes it
   * @param key by which a row is found; empty where there is none
   * @param filter which rows count; null for all
   * @param isConverted whether the two servers' encodings differ
   */
  RowsSql(
      Table table,
      List<String> columns,
      Map<String, String> casts,
      TableKey key,
      @Nullable String filter,
      boolean isConverted) {
    this.table = table;
    this.columns = columns;
    this.casts = casts;
    this.key = key;
    this.ranges = new RangeSql(key);
    this.filter = filter == null ? null : "(" + withoutParameters(filter) + ")";
    this.isConverted = isConverted;
  }

  /** A condition of the user's, in which no question mark is a parameter. */
  static String withoutParameters(String sql) {
    return QUESTION_MARK
        .matcher(sql)
        .replaceAll(m -> m.group().equals("?") ? "??" : Matcher.quoteReplacement(m.group()));
  }

  /** How many columns a key has. */
  int width() {
    return key.width();
  }

  /** Count and checksum of a range; both do not depend on the order of the rows. */
  String checksum(KeyRange range) {
    return "SELECT pg_catalog.count(*), "
        + sums("h")
        + " FROM (SELECT "
        + content()
        + " AS h FROM "
        + table.toSql()
        + where(range)
        // Else the planner writes the expression in the place of each use.
        + " OFFSET 0) r";
  }

  /** The parameters of a query of a range's checksum. */
  Object[] parameters(KeyRange range) {
    return ranges.parameters(range).toArray();
  }

  /** The parameters of a query of a range's keys. */
  Object[] parametersOfKeys(KeyRange range) {
    List<Object> parameters = ranges.parametersOfWithin(range);
    parameters.addAll(ranges.parameters(range));
    return parameters.toArray();
  }

  /** Refuses a key that an index has brought, and that is not within the range. */
  void requireWithin(boolean isWithin) throws SQLException {
    if (!isWithin) {
      throw new SQLException(
          "the index of the key of "
              + table.name()
              + " is not in order, as after a change of the library that sorts text; REINDEX it",
          "XX002");
    }
  }

  /** Which table has the name now, as its OID; within a statement the one that it reads. */
  String tableOid() {
    return "pg_catalog.to_regclass(" + Sql.literal(table.name().toSql()) + ")::oid::bigint";
  }

  /** Refuses a table that was put in the place of the one that is compared. */
  void refuseOther(long oid) throws SQLException {
    if (oid != table.oid()) {
      throw new SQLException(
          "another table has come in the place of " + table.name() + "; call again", "42P01");
    }
  }

  /** Keeps the table from being rewritten for a transaction; the lock is that of a reader. */
  String lock() {
    return "LOCK TABLE " + table.toSql() + " IN ACCESS SHARE MODE";
  }

  /** How many pages the table has, of a partitioned one the largest partition. */
  String pages() {
    return "SELECT coalesce(pg_catalog.max(pg_catalog.pg_relation_size(c.oid)), 0)"
        + " / pg_catalog.current_setting('block_size')::bigint"
        + " FROM pg_catalog.pg_class c WHERE c.relkind <> 'p' AND (c.oid = "
        + table.oid()
        + " OR c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree("
        + table.oid()
        + ")))";
  }

  /** Count and checksum of the rows of some pages, checksum of their versions, the table's OID. */
  String pages(PageRange range) {
    String within = range.conditionSql();
    String where = where(KeyRange.ALL);
    return "SELECT pg_catalog.count(*), "
        + sums("h")
        + ", "
        + sums("v")
        + ", "
        + tableOid()
        + " FROM (SELECT "
        + content()
        + " AS h, pg_catalog.md5("
        + VERSION
        + ") AS v FROM "
        + table.toSql()
        + where
        + (within.isEmpty() ? "" : (where.isEmpty() ? " WHERE " : " AND ") + within)
        + " OFFSET 0) r";
  }

  private static String sums(String digest) {
    return "pg_catalog.concat_ws(' ', pg_catalog.sum(('x' || pg_catalog.left("
        + digest
        + ", 16))::bit(64)::bigint), pg_catalog.sum(('x' || pg_catalog.right("
        + digest
        + ", 16))::bit(64)::bigint))";
  }

  /**
   * The key of one row of a range, by its place in the key's order, counted from 0, and whether it
   * is within the range.
   */
  String keyAt(KeyRange range, long place) {
    return "SELECT "
        + keyTexts()
        + ", "
        + ranges.isWithin(range)
        + " FROM (SELECT "
        + Sql.identifiers(key.columns().stream().map(KeyColumn::name).toList())
        + " FROM "
        + table.toSql()
        + where(range)
        + ranges.order()
        + " LIMIT 1 OFFSET "
        + place
        + ") r";
  }

  /**
   * Key and content of the first rows of a range, in the key's order, and whether they are within
   * the range.
   */
  String rows(KeyRange range, int limit) {
    return "SELECT "
        + keyTexts()
        + ", "
        + content()
        + ", "
        + ranges.isWithin(range)
        + " FROM "
        + table.toSql()
        + where(range)
        + ranges.order()
        + " LIMIT "
        + limit;
  }

  /**
   * For each of some keys its place among them, content and version of its row, and whether no
   * other transaction has changed or locked it; the table's OID. Parameters are the keys column by
   * column.
   */
  String look() {
    return "SELECT bunny_wanted.n, r.h, r.v, r.untouched, "
        + tableOid()
        + wanted("LEFT", content() + " AS h, " + VERSION + " AS v, xmax::text = '0' AS untouched")
        + " ON true";
  }

  /** For each of some keys that is there its place among them, and the mirrored columns' text. */
  String values() {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      texts.add(text(columns.get(i)) + " AS c" + i);
    }
    return "SELECT bunny_wanted.n, r.*"
        + wanted("INNER", texts.isEmpty() ? "1" : String.join(", ", texts))
        + " ON true";
  }

  /** Whatever the planner knows of the table, a row is found by its key, one after the other. */
  private String wanted(String join, String selected) {
    StringBuilder sql = new StringBuilder(" FROM unnest(");
    StringBuilder names = new StringBuilder();
    List<String> conditions = new ArrayList<>();
    for (int i = 0; i < key.width(); i++) {
      sql.append(i == 0 ? "" : ", ").append("CAST(? AS text[])");
      names.append('k').append(i).append(", ");
      conditions.add(key.columns().get(i).equalsText("bunny_wanted.k" + i));
    }
    if (filter != null) {
      conditions.add(filter);
    }
    return sql.append(") WITH ORDINALITY AS bunny_wanted (")
        .append(names)
        .append("n) ")
        .append(join)
        .append(" JOIN LATERAL (SELECT ")
        .append(selected)
        .append(" FROM ")
        .append(table.toSql())
        .append(" WHERE ")
        .append(String.join(" AND ", conditions))
        .append(" OFFSET 0) r")
        .toString();
  }

  private String content() {
    String row =
        columns.stream().map(this::compared).collect(Collectors.joining(", ", "ROW(", ")::text"));
    return "pg_catalog.md5("
        + (isConverted ? "pg_catalog.convert_to(" + row + ", 'UTF8')" : row)
        + ")";
  }

  /** A column in the form in which it is compared: by its text, as the stream brings it. */
  private String compared(String column) {
    String type = casts.get(column);
    return type == null ? Sql.identifier(column) : "CAST(" + text(column) + " AS " + type + ")";
  }

  private String keyTexts() {
    return key.columns().stream()
        .map(column -> text(column.name()))
        .collect(Collectors.joining(", "));
  }

  /** A cast to text would not do, it differs from the output function for some types. */
  private static String text(String column) {
    String quoted = Sql.identifier(column);
    return "CASE WHEN "
        + quoted
        + " IS DISTINCT FROM NULL THEN pg_catalog.format('%s', "
        + quoted
        + ") END";
  }

  private String where(KeyRange range) {
    List<String> conditions = ranges.conditions(range);
    if (filter != null) {
      conditions.add(filter);
    }
    return conditions.isEmpty() ? "" : " WHERE " + String.join(" AND ", conditions);
  }
}
