package io.bunnydb.benchmarks.endtoend;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A kind of backlog: what both sides hold before it, and what is then written on the source. */
enum Workload {
  /** Inserts, all in one transaction. */
  INS_1TX(Tables.NARROW, Kind.INSERT, Integer.MAX_VALUE),
  /** Inserts, a thousand rows a transaction. */
  INS_1K(Tables.NARROW, Kind.INSERT, 1_000),
  /** Inserts, one row a transaction. */
  INS_ROW(Tables.NARROW, Kind.INSERT, 1),
  /** Updates by key in random order, a thousand rows a transaction. */
  UPD_1K(Tables.NARROW, Kind.UPDATE, 1_000),
  /** Updates by key in random order, one row a transaction. */
  UPD_ROW(Tables.NARROW, Kind.UPDATE, 1),
  /** Deletes by key in random order, a thousand rows a transaction. */
  DEL_1K(Tables.NARROW, Kind.DELETE, 1_000),
  /** Inserts, updates and deletes, 5 : 3 : 2, row by row in turn, a thousand a transaction. */
  MIXED_1K(Tables.NARROW, Kind.MIXED, 1_000),
  /** Updates of a number beside a large value that stays as it is, a thousand a transaction. */
  TOAST(Tables.TOAST, Kind.TOAST, 1_000),
  /** Inserts of sixty columns, a thousand rows a transaction. */
  WIDE(Tables.WIDE, Kind.WIDE, 1_000),
  /** pgbench's tables and its transaction: three updates and an insert. */
  TPCB(Tables.TPCB, Kind.TPCB, 1);

  /** The table that the narrow workloads write. */
  static final String TABLE = "bench";

  /** The table that receives the last row of each backlog. */
  static final String MARKER = "marker";

  private static final String BY_ROW =
      "FOR r IN SELECT at, id FROM shuffled WHERE at BETWEEN i AND last ORDER BY at LOOP %s"
          + " END LOOP;";

  private final Tables tables;
  private final Kind kind;
  private final int step;

  Workload(Tables tables, Kind kind, int step) {
    this.tables = tables;
    this.kind = kind;
    this.step = step;
  }

  private enum Tables {
    NARROW,
    TOAST,
    WIDE,
    TPCB
  }

  private enum Kind {
    INSERT,
    UPDATE,
    DELETE,
    MIXED,
    TOAST,
    WIDE,
    TPCB
  }

  /** The name on the command line and in the results. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** How many rows change where the command line asks for so many; heavy rows are fewer. */
  int changes(int rows) {
    return switch (tables) {
      case NARROW -> rows;
      case TOAST, WIDE -> Math.max(1, rows / 10);
      case TPCB -> Math.max(1, rows / 4) * 4;
    };
  }

  /** The tables that are mirrored, without the marker. */
  List<String> tables() {
    return tables == Tables.TPCB ? PgbenchTables.NAMES : List.of(TABLE);
  }

  /** Statements that make the tables and their first rows, alike on both sides. */
  List<String> seed(int rows) {
    List<String> statements = new ArrayList<>();
    statements.add("CREATE TABLE " + MARKER + " (id bigint PRIMARY KEY)");
    switch (tables) {
      case NARROW -> {
        statements.add(NarrowTable.CREATE);
        if (kind != Kind.INSERT) {
          statements.add(NarrowTable.insert("1", Integer.toString(rows)));
        }
      }
      case TOAST -> statements.addAll(LargeTables.toast(changes(rows)));
      case WIDE -> statements.add(LargeTables.WIDE);
      case TPCB -> statements.addAll(PgbenchTables.seed(rows));
    }
    return statements;
  }

  /** Statements for the source alone; one calls the writer, which commits by itself. */
  List<String> backlog(int rows) {
    List<String> statements = new ArrayList<>();
    statements.add("SET synchronous_commit = off"); // the marker's commit flushes the log
    // A thousand keys out of many are looked up one by one, as an application does.
    statements.add("SET enable_seqscan = off");
    statements.add("SET enable_hashjoin = off");
    statements.add("SET enable_mergejoin = off");
    if (kind == Kind.UPDATE || kind == Kind.DELETE || kind == Kind.MIXED) {
      statements.addAll(NarrowTable.shuffled(rows));
    }
    int changes = changes(rows);
    int turns = kind == Kind.TPCB ? changes / 4 : changes;
    statements.add(
        """
        CREATE PROCEDURE write_backlog() LANGUAGE plpgsql AS $$
        DECLARE
          i bigint := 1; last bigint; r record; a int; b int; t int; d int;
        BEGIN
          WHILE i <= %1$d LOOP
            last := least(i + %2$d - 1, %1$d);
            %3$s
            COMMIT;
            i := last + 1;
          END LOOP;
        END $$"""
            .formatted(turns, step, step(rows)));
    statements.add("CALL write_backlog()");
    statements.add("RESET ALL");
    return statements;
  }

  /** PL/pgSQL that makes the changes {@code i} to {@code last}. */
  private String step(int rows) {
    return switch (kind) {
      case INSERT -> NarrowTable.insert("i", "last") + ";";
      case UPDATE ->
          "UPDATE bench t SET n = t.n + 1, amount = t.amount + 0.5 FROM shuffled s"
              + " WHERE s.at BETWEEN i AND last AND t.id = s.id;";
      case DELETE ->
          "DELETE FROM bench t USING shuffled s WHERE s.at BETWEEN i AND last AND t.id = s.id;";
      case MIXED -> BY_ROW.formatted(NarrowTable.mixed(rows));
      case TOAST ->
          "UPDATE bench t SET n = t.n + 1 FROM generate_series(i, last) g"
              + " WHERE t.id = 1 + (g - 1) % "
              + LargeTables.toastRows(changes(rows))
              + ";";
      case WIDE -> LargeTables.wide("i", "last") + ";";
      case TPCB -> PgbenchTables.transaction(rows);
    };
  }
}
