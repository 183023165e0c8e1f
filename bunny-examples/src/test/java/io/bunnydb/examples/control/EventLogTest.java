package io.bunnydb.examples.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Lsn;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorState;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.TableStatus;
import io.bunnydb.examples.control.EventLog.Event;
import io.bunnydb.examples.control.EventLog.Level;
import io.bunnydb.examples.control.EventLog.Page;
import java.sql.SQLException;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The log of one mirror. */
final class EventLogTest {
  private final EventLog log = new EventLog();

  @Test
  void keepsTheLastThousandTheNewestFirst() {
    for (int i = 1; i <= 1_005; i++) {
      log.add(Level.INFO, "event " + i, Map.of());
    }
    Page page = log.find(Level.INFO, null, 2, 1);
    assertThat(page.total()).isEqualTo(1_000);
    assertThat(page.logs()).extracting(Event::id).containsExactly(1_004L, 1_003L);
    assertThat(log.find(Level.INFO, null, 500, 999).logs())
        .extracting(Event::message)
        .containsExactly("event 6");
    assertThat(log.find(Level.INFO, null, 500, Integer.MAX_VALUE).logs()).isEmpty();
  }

  @Test
  void findsByLevelAndText() {
    log.add(Level.INFO, "All well", Map.of());
    log.add(Level.WARN, "not so well", Map.of());
    log.add(Level.ERROR, "stopped", Map.of());
    assertThat(log.find(Level.WARN, null, 50, 0).total()).isEqualTo(2);
    assertThat(log.find(Level.INFO, "WELL", 50, 0).total()).isEqualTo(2);
    assertThat(log.find(Level.WARN, "well", 50, 0).logs())
        .extracting(Event::message)
        .containsExactly("not so well");
  }

  @Test
  void tellsOfStatesCopiesAndErrors() {
    log.onStateChange("m", MirrorState.SETTING_UP, MirrorState.SNAPSHOT);
    log.onCopyProgress("m", table(TableState.COPYING, 0));
    log.onCopyProgress("m", table(TableState.COPYING, 5));
    log.onCopyProgress("m", table(TableState.COPIED, 10));
    log.onError(
        "m",
        new MirrorException(
            "m",
            TableName.parse("public.a"),
            Lsn.parse("0/1A"),
            "refused",
            new SQLException("x", "23514")));
    Page page = log.find(Level.INFO, null, 50, 0);
    assertThat(page.logs())
        .extracting(Event::message)
        .containsExactly(
            "mirror 'm', table public.a, at 0/1A: refused [SQLSTATE 23514]",
            "mirror 'm', table public.a: the copy is complete",
            "mirror 'm', table public.a: the copy began",
            "mirror 'm' is SNAPSHOT");
    assertThat(page.logs().get(0).level()).isEqualTo(Level.ERROR);
    assertThat(page.logs().get(0).details())
        .containsEntry("table", "public.a")
        .containsEntry("lsn", "0/1A")
        .containsEntry("sqlstate", "23514");
    assertThat(page.logs().get(1).details()).containsEntry("rows_copied", "10");
  }

  private static TableStatus table(TableState state, long rows) {
    TableName name = TableName.parse("public.a");
    return new TableStatus(name, name, state, 10, rows, 0, 0, null, 0, 0, 0, 0);
  }
}
