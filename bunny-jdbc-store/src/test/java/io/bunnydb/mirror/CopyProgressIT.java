package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitHeldUp;
import static io.bunnydb.mirror.Operated.mappings;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorListener;
import io.bunnydb.MirrorState;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.TableStatus;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.MirrorDatabases;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a listener hears of copies: for each table how far it has come, up to its last row. */
final class CopyProgressIT {
  private static final int ROWS = 10_000;
  // Those after it are too many bytes for the buffers between the two servers.
  private static final int HELD_ROW = 2_500;
  private static final Duration INTERVAL = Duration.ofMillis(100);

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  /** Keeps what it hears, by table. */
  private static final class Heard implements MirrorListener {
    private final Map<TableName, List<TableStatus>> reports = new ConcurrentHashMap<>();

    @Override
    public void onCopyProgress(String mirror, TableStatus table) {
      assertThat(mirror).isEqualTo("operated");
      reports.computeIfAbsent(table.source(), t -> new CopyOnWriteArrayList<>()).add(table);
    }

    List<TableStatus> of(String table) {
      return reports.getOrDefault(TableName.parse(table), List.of());
    }

    List<Long> rowsOf(String table) {
      return of(table).stream().map(TableStatus::rowsCopied).toList();
    }
  }

  /** A table of many rows, whose copy can be held in the midst, one of few and one of none. */
  @BeforeEach
  void createTables() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, t text)",
            "CREATE TABLE b (id int PRIMARY KEY)",
            "CREATE TABLE c (id int PRIMARY KEY)",
            "INSERT INTO a SELECT i, repeat('x', 4000) FROM generate_series(1, " + ROWS + ") i",
            "INSERT INTO b VALUES (1), (2), (3)",
            "ANALYZE");
    databases.destination().execute("CREATE TABLE a (id int PRIMARY KEY, t text)");
    HeldCopy.letHold(databases.destination(), "a", HELD_ROW);
  }

  /** Waits until the copy stands still, and long enough for its next report to be due. */
  private static void awaitHeldInTheMidst() {
    awaitHeldUp(databases.destination());
    long now = System.nanoTime();
    Await.until(
        SOON,
        "a report is due",
        () -> System.nanoTime() - now > INTERVAL.multipliedBy(2).toNanos());
  }

  /** One copy: it begins with no row, goes on, and ends with all of them. */
  private static void assertComplete(List<TableStatus> reports, long rows) {
    assertThat(reports).hasSizeGreaterThanOrEqualTo(2);
    TableStatus first = reports.get(0);
    assertThat(first.rowsCopied()).isZero();
    TableStatus last = reports.get(reports.size() - 1);
    assertThat(last.rowsCopied()).isEqualTo(rows);
    assertThat(last.state()).isEqualTo(TableState.COPIED);
    assertThat(reports.subList(0, reports.size() - 1))
        .allMatch(report -> report.state() == TableState.COPYING);
    assertThat(reports).extracting(TableStatus::rowsCopied).isSorted();
    assertThat(reports).allMatch(report -> report.rowsToCopy() == rows);
  }

  @Test
  void copyIsHeardFromItsBeginToItsLastRow() throws SQLException {
    Heard heard = new Heard();
    Connection held = HeldCopy.hold(databases.destination());
    long begin = System.nanoTime();
    try (MirrorHandle handle =
        mirror(databases, "public.a", "public.b", "public.c").listener(heard).build().start()) {
      awaitHeldInTheMidst();
      assertThat(heard.rowsOf("public.a")).isNotEmpty().allMatch(rows -> rows < ROWS);
      held.close();
      handle.awaitState(MirrorState.RUNNING, SOON);
      long intervals = (System.nanoTime() - begin) / INTERVAL.toNanos();
      assertComplete(heard.of("public.a"), ROWS);
      assertComplete(heard.of("public.b"), 3);
      assertComplete(heard.of("public.c"), 0);
      assertThat(heard.rowsOf("public.a")).anyMatch(rows -> rows > 0 && rows < ROWS);
      assertThat(heard.of("public.a").size()).isLessThanOrEqualTo((int) intervals + 2);
      assertThat(handle.status().tables())
          .extracting(TableStatus::rowsCopied)
          .containsExactly((long) ROWS, 3L, 0L);
      handle.drop();
    }
    assertThat(databases.destination().queryLong("SELECT count(*) FROM a")).isEqualTo(ROWS);
  }

  @Test
  void copyThatBeginsAgainCountsAnew() throws SQLException {
    Heard heard = new Heard();
    Connection held = HeldCopy.hold(databases.destination());
    try (MirrorHandle handle = mirror(databases, "public.a").listener(heard).build().start()) {
      awaitHeldInTheMidst();
      handle.pause();
      int before = heard.of("public.a").size();
      assertThat(heard.of("public.a")).allMatch(r -> r.state() == TableState.COPYING);
      held.close();
      databases.source().execute("DELETE FROM a WHERE id > 7500", "ANALYZE a");
      handle.resume();
      handle.awaitCaughtUp(SOON);
      List<TableStatus> reports = heard.of("public.a");
      assertComplete(reports.subList(before, reports.size()), 7_500);
      handle.drop();
    }
  }

  @Test
  void copyOfAnAddedTableAloneIsHeard() throws SQLException {
    Heard heard = new Heard();
    try (MirrorHandle handle = running(mirror(databases, "public.b").listener(heard))) {
      int before = heard.of("public.b").size();
      handle.pause();
      handle.updateTables(mappings("public.b", "public.a"));
      Connection held = HeldCopy.hold(databases.destination());
      handle.resume();
      awaitHeldInTheMidst();
      databases.source().execute("INSERT INTO b VALUES (4)");
      held.close();
      handle.awaitCaughtUp(SOON);
      assertComplete(heard.of("public.a"), ROWS);
      assertThat(heard.rowsOf("public.a")).anyMatch(rows -> rows > 0 && rows < ROWS);
      assertThat(heard.of("public.b")).hasSize(before);
      handle.drop();
    }
  }
}
