package io.bunnydb.internal.schema;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.SchemaChange;
import io.bunnydb.SchemaChange.Outcome;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.Column.Generation;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.pgoutput.ReplicaIdentity;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is found by holding two tables against each other, as far as that needs no server. */
final class SchemaDiffTest {
  private static final TableName NAME = TableName.parse("public.a");

  private static Column column(
      String name, String type, boolean notNull, @Nullable String expression, Generation how) {
    return new Column(name, 0, type, notNull, expression, null, how, true, Set.of());
  }

  private static Column column(String name, String type) {
    return column(name, type, false, null, Generation.NONE);
  }

  private static Table table(Column... columns) {
    return new Table(
        NAME, 1, "r", true, ReplicaIdentity.DEFAULT, List.of(columns), List.of("id"), List.of(), 0);
  }

  private static Column sorted(String name, String type, @Nullable String collation) {
    return new Column(name, 0, type, false, null, collation, Generation.NONE, true, Set.of());
  }

  private static List<String> changes(Table source, Table target) {
    return changes(source, target, new ColumnHistory(Map.of(), Set.of(), Set.of(), false));
  }

  private static List<String> changes(Table source, Table target, ColumnHistory history) {
    List<SchemaChange> changes = new ArrayList<>();
    ColumnChanges.add(
        new MirroredColumns(new MirroredTable(TableMapping.from("public.a"), source), target),
        history,
        null,
        changes);
    return changes.stream().map(c -> c.outcome() + " " + c.sql()).toList();
  }

  @Test
  void alikeTablesNeedNothing() {
    Table alike =
        table(
            column("id", "integer", true, null, Generation.NONE),
            column("t", "text", false, "'x'::text", Generation.NONE));
    assertThat(changes(alike, alike)).isEmpty();
  }

  @Test
  void nullabilityIsLoosenedAtOnceAndTightenedLater() {
    assertThat(
            changes(
                table(column("a", "text", true, null, Generation.NONE), column("b", "text")),
                table(column("a", "text"), column("b", "text", true, null, Generation.NONE))))
        .containsExactly(
            "WAITS ALTER TABLE \"public\".\"a\" ALTER COLUMN \"a\" SET NOT NULL",
            "DUE ALTER TABLE \"public\".\"a\" ALTER COLUMN \"b\" DROP NOT NULL");
  }

  @Test
  void keyKeepsItsNotNull() {
    assertThat(
            changes(
                table(column("id", "integer")),
                table(column("id", "integer", true, null, Generation.NONE))))
        .isEmpty();
  }

  @Test
  void defaultsFollowButThoseOfSequences() {
    assertThat(
            changes(
                table(
                    column("a", "text", false, "'x'::text", Generation.NONE),
                    column("b", "text"),
                    column("c", "integer", false, "nextval('s'::regclass)", Generation.NONE),
                    column("d", "integer", true, null, Generation.IDENTITY_ALWAYS)),
                table(
                    column("a", "text"),
                    column("b", "text", false, "'y'::text", Generation.NONE),
                    column("c", "integer"),
                    column("d", "integer", true, null, Generation.IDENTITY_BY_DEFAULT))))
        .containsExactly(
            "WAITS ALTER TABLE \"public\".\"a\" ALTER COLUMN \"a\" SET DEFAULT 'x'::text",
            "WAITS ALTER TABLE \"public\".\"a\" ALTER COLUMN \"b\" DROP DEFAULT");
  }

  @Test
  void columnsThatTheSourceHasNotAreNeverDropped() {
    assertThat(changes(table(), table(column("old", "text", true, null, Generation.NONE))))
        .containsExactly(
            "DUE ALTER TABLE \"public\".\"a\" ALTER COLUMN \"old\" DROP NOT NULL",
            "BY_HAND ALTER TABLE \"public\".\"a\" DROP COLUMN \"old\"");
    assertThat(changes(table(), table(column("id", "integer", true, null, Generation.NONE))))
        .containsExactly("BY_HAND ALTER TABLE \"public\".\"a\" DROP COLUMN \"id\"");
  }

  @Test
  void typesKeepTheirCollation() {
    assertThat(
            changes(
                table(sorted("a", "text", "x.\"C\""), sorted("b", "text", null)),
                table(
                    sorted("a", "character varying(5)", "x.\"C\""),
                    sorted("b", "character varying(5)", "x.\"C\""))))
        .containsExactly(
            "DUE ALTER TABLE \"public\".\"a\" ALTER COLUMN \"a\" TYPE text COLLATE x.\"C\"",
            "BY_HAND ALTER TABLE \"public\".\"a\" ALTER COLUMN \"b\" TYPE text");
  }

  @Test
  void columnsThatMayHaveTakenTheNameOfAnotherAreNotWidened() {
    Table wanted = table(column("a", "bigint"), column("b", "bigint"), column("c", "bigint"));
    Table known = table(column("a", "integer"), column("b", "integer"), column("c", "integer"));
    Map<String, Integer> numbers = Map.of("a", 1, "b", 3, "c", 4);
    assertThat(changes(wanted, known, new ColumnHistory(numbers, Set.of("c"), Set.of(2), false)))
        .containsExactly(
            "DUE ALTER TABLE \"public\".\"a\" ALTER COLUMN \"a\" TYPE bigint",
            "BY_HAND ALTER TABLE \"public\".\"a\" ALTER COLUMN \"b\" TYPE bigint",
            "DUE ALTER TABLE \"public\".\"a\" ALTER COLUMN \"c\" TYPE bigint");
  }

  @Test
  void columnsThatAreComputedOnOneSideAloneAreLeftToAPerson() {
    assertThat(
            changes(
                table(
                    column("a", "integer", false, "(b * 2)", Generation.STORED),
                    column("b", "integer")),
                table(
                    column("a", "integer"),
                    column("b", "integer", false, "(a * 2)", Generation.STORED))))
        .containsExactly(
            "BY_HAND ALTER TABLE \"public\".\"a\" DROP COLUMN \"a\", ADD COLUMN \"a\" integer"
                + " GENERATED ALWAYS AS ((b * 2)) STORED",
            "BY_HAND ALTER TABLE \"public\".\"a\" ALTER COLUMN \"b\" DROP EXPRESSION");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "smallint;bigint;true",
        "integer;numeric;true",
        "integer;numeric(20,0);false",
        "bigint;integer;false",
        "integer;text;false",
        "character varying(5);character varying(9);true",
        "character varying(9);character varying(5);false",
        "character varying(5);text;true",
        "numeric(8,2);numeric(10,2);true",
        "numeric(8,2);numeric(10,4);false",
        "numeric(8,2);numeric;true",
        "real;double precision;false",
        "character(5);character(9);false",
        "timestamp(3) without time zone;timestamp(6) without time zone;false",
        "jsonb;text;false",
        "\"a.b\".numeric;numeric;false"
      })
  void onlyTypesThatKeepEachValueAreWidened(String from, String to, boolean isWidened) {
    assertThat(ColumnChanges.isWidened(from, to)).isEqualTo(isWidened);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '|',
      value = {
        "{5};5",
        "{\"a,b\"};a,b",
        "{\"say \\\"hi\\\" \\\\ bye\"};say \"hi\" \\ bye",
        "{(1,2),(0,0)};(1,2),(0,0)",
        "{\"{1,NULL}\"};{1,NULL}",
        "{\"\"};||",
        "{\"NULL\"};NULL",
        "{\"\\\\x0a\"};\\x0a"
      })
  void oldValueIsTheArraysElement(String array, String element) {
    assertThat(OldValue.element(array)).isEqualTo(element);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '|',
      value = {
        "5;5;integer;true",
        "'-5'::integer;-5;integer;true",
        "'x''y'::character varying;x'y;character varying(9);true",
        "true;t;boolean;true",
        "false;t;boolean;false",
        "5;6;integer;false",
        "now();2020-01-01 00:00:00+00;timestamp with time zone;false"
      })
  void constantsAreRecognised(String expression, String value, String type, boolean isConstant) {
    assertThat(NewColumns.isConstant(expression, value, type)).isEqualTo(isConstant);
  }

  private static List<String> labels(List<String> wanted, List<String> known) {
    return EnumLabels.changes(
            NAME, new EnumLabels("public.e", wanted), new EnumLabels("public.e", known))
        .stream()
        .map(c -> (c.outcome() == Outcome.DUE ? "" : c.outcome() + " ") + c.sql().substring(20))
        .toList();
  }

  @Test
  void labelsAreAddedInTheirPlaces() {
    assertThat(labels(List.of("x", "y", "a", "b", "it's"), List.of("a", "b")))
        .containsExactly(
            "ADD VALUE 'x' BEFORE 'a'", "ADD VALUE 'y' AFTER 'x'", "ADD VALUE 'it''s' AFTER 'b'");
    assertThat(labels(List.of("x"), List.of())).containsExactly("ADD VALUE 'x'");
    assertThat(labels(List.of("a"), List.of("a", "b"))).isEmpty();
  }

  @Test
  void labelsOfAnotherOrderAreLeftToAPerson() {
    assertThat(labels(List.of("b", "a", "c"), List.of("a", "b")))
        .containsExactly("BY_HAND ADD VALUE 'c' AFTER 'a'");
    assertThat(labels(List.of("a", "new"), List.of("a", "old")))
        .containsExactly("BY_HAND ADD VALUE 'new' AFTER 'a'");
  }
}
