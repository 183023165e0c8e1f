package io.bunnydb.internal.schema;

import io.bunnydb.SchemaChange;
import io.bunnydb.SchemaChange.Outcome;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.Column.Generation;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What is to be changed of the columns that both sides have. */
final class ColumnChanges {
  /** Why a change is not made while rows of before may still come. */
  static final String ON_THE_WAY = "rows that are on the way may not suit it yet";

  // Their values are the same under the wider type, in whichever of the two they come.
  private static final Pattern WIDENED =
      Pattern.compile(
          "smallint|integer|bigint|numeric(\\(.*\\))?|character varying(\\(\\d+\\))?|text");
  private static final Pattern SCALE = Pattern.compile("numeric\\(\\d+,(-?\\d+)\\)");
  private static final Set<String> WITHOUT_LIMIT = Set.of("numeric", "character varying", "text");

  private final TableName source;
  private final Table target;
  private final List<String> missing;
  private final ColumnHistory history;
  private final List<SchemaChange> changes;

  private ColumnChanges(MirroredColumns both, ColumnHistory history, List<SchemaChange> changes) {
    this.source = both.mirrored().table().name();
    this.target = both.target();
    this.missing = both.missing().stream().map(Column::name).toList();
    this.history = history;
    this.changes = changes;
  }

  /**
   * Adds what is to be changed, column by column.
   *
   * @param history how the source's columns came to be
   * @param renamed a column of the destination that is to get another name; null for none
   */
  static void add(
      MirroredColumns both,
      ColumnHistory history,
      @Nullable String renamed,
      List<SchemaChange> changes) {
    ColumnChanges adding = new ColumnChanges(both, history, changes);
    for (Column column : both.wanted()) {
      Column known = both.target().column(column.name());
      if (known != null) {
        adding.addChanges(column, known);
      }
    }
    for (Column column : both.unmatched()) {
      if (!column.name().equals(renamed)) {
        adding.addUnmatched(column);
      }
    }
  }

  private void addChanges(Column wanted, Column known) {
    if (wanted.isGenerated()) {
      addComputed(wanted, known);
      return;
    }
    if (known.isGenerated()) {
      add(
          alter(known.name(), "DROP EXPRESSION"),
          Outcome.BY_HAND,
          "the source writes the column now; rows of before still need the expression, so run it"
              + " when the mirror has stopped at the first row that brings the column, then resync("
              + source
              + ")");
      return;
    }
    addType(wanted, known);
    addNullability(wanted, known);
    if (wanted.generation() == Generation.NONE && known.generation() == Generation.NONE) {
      addDefault(target.name(), wanted, known.defaultSql(), changes);
    }
  }

  private void addComputed(Column wanted, Column known) {
    if (!known.isGenerated()) {
      add(
          "ALTER TABLE "
              + target.name().toSql()
              + " DROP COLUMN "
              + Sql.identifier(known.name())
              + ", ADD COLUMN "
              + TableCreator.definition(wanted, known.generation() == Generation.VIRTUAL),
          Outcome.BY_HAND,
          "the source computes the column and sends it no more; it loses the values that are there,"
              + " so run it if they are of no use");
    } else if (!Objects.equals(wanted.defaultSql(), known.defaultSql())) {
      add(
          alter(known.name(), "SET EXPRESSION AS (" + wanted.defaultSql() + ")"),
          Outcome.BY_HAND,
          "the expression is another one; run it (PostgreSQL 17 and later, it writes the table anew)"
              + " if the two do not mean the same");
    }
  }

  private void addType(Column wanted, Column known) {
    if (Compatibility.holds(known.typeSql(), wanted.typeSql())) {
      return;
    }
    // Without COLLATE, the column would get its type's own.
    String sql =
        alter(
            known.name(),
            "TYPE "
                + wanted.typeSql()
                + (wanted.collationSql() == null ? "" : " COLLATE " + wanted.collationSql()));
    String obstacle = obstacle(wanted, known);
    if (obstacle == null) {
      add(
          sql,
          Outcome.DUE,
          "values that a USING expression changed on the source are not sent; if there was one, call"
              + " resync("
              + source
              + ")");
    } else {
      add(sql, Outcome.BY_HAND, obstacle + "; pause, run it, then resync(" + source + ")");
    }
  }

  /** What stands against another type; null for nothing. */
  private @Nullable String obstacle(Column wanted, Column known) {
    if (!isWidened(known.typeSql(), wanted.typeSql())) {
      return "a value may mean another thing as "
          + wanted.typeSql()
          + " than as "
          + known.typeSql()
          + ", or be changed by the conversion";
    }
    if (history.mayBeAnother(wanted.name(), missing)) {
      return "the source may have dropped or renamed an older column of this name, and have given it"
          + " to one with other values";
    }
    return Objects.equals(wanted.collationSql(), known.collationSql())
        ? null
        : "the two sides sort it by different collations";
  }

  /** Whether each value of a type is the same under another, larger one. */
  static boolean isWidened(String from, String to) {
    boolean isSized =
        WIDENED.matcher(from).matches()
            && WIDENED.matcher(to).matches()
            && Compatibility.holds(to, from);
    return isSized && (WITHOUT_LIMIT.contains(to) || scale(from).equals(scale(to)));
  }

  private static String scale(String type) {
    var matcher = SCALE.matcher(type);
    return matcher.matches() ? matcher.group(1) : "";
  }

  private void addNullability(Column wanted, Column known) {
    if (wanted.notNull() && !known.notNull()) {
      addNotNull(target.name(), known.name(), changes);
    } else if (!wanted.notNull()
        && known.notNull()
        && known.generation() == Generation.NONE
        && !target.primaryKey().contains(known.name())) {
      add(alter(known.name(), "DROP NOT NULL"), Outcome.DUE, null);
    }
  }

  /** Adds that a column of the destination is to take no NULL. */
  static void addNotNull(TableName target, String column, List<SchemaChange> changes) {
    changes.add(
        new SchemaChange(target, alter(target, column, "SET NOT NULL"), Outcome.WAITS, ON_THE_WAY));
  }

  /**
   * Adds that a column is to have the source's default; not where it takes values from a sequence,
   * which is carried over by {@code syncSequences}.
   *
   * @param known the default that it has; null for none
   */
  static void addDefault(
      TableName target, Column wanted, @Nullable String known, List<SchemaChange> changes) {
    String expression = wanted.defaultSql();
    if (Objects.equals(expression, known) || usesSequence(expression) || usesSequence(known)) {
      return;
    }
    changes.add(
        new SchemaChange(
            target,
            alter(
                target,
                wanted.name(),
                expression == null ? "DROP DEFAULT" : "SET DEFAULT " + expression),
            Outcome.WAITS,
            ON_THE_WAY));
  }

  /** Whether the source takes values of a column from a sequence, for rows that bring none. */
  static boolean isCounted(Column column) {
    return column.generation() == Generation.IDENTITY_ALWAYS
        || column.generation() == Generation.IDENTITY_BY_DEFAULT
        || usesSequence(column.defaultSql());
  }

  private static boolean usesSequence(@Nullable String expression) {
    return expression != null && expression.contains("nextval(");
  }

  private void addUnmatched(Column column) {
    boolean isKey = target.primaryKey().contains(column.name());
    if (column.notNull()
        && !isKey
        && column.defaultSql() == null
        && column.generation() == Generation.NONE) {
      add(
          alter(column.name(), "DROP NOT NULL"),
          Outcome.DUE,
          "the source has no such column, so that new rows have no value for it");
    }
    add(
        "ALTER TABLE " + target.name().toSql() + " DROP COLUMN " + Sql.identifier(column.name()),
        Outcome.BY_HAND,
        "the source has no such column; run it if it was dropped there, its values are of no use any"
            + " more, and no row on the way brings it"
            + (isKey ? "; the primary key goes with it, so make another" : ""));
  }

  private void add(String sql, Outcome outcome, @Nullable String reason) {
    changes.add(new SchemaChange(target.name(), sql, outcome, reason));
  }

  private String alter(String column, String how) {
    return alter(target.name(), column, how);
  }

  /** The SQL that alters a column. */
  static String alter(TableName target, String column, String how) {
    return "ALTER TABLE " + target.toSql() + " ALTER COLUMN " + Sql.identifier(column) + " " + how;
  }
}
