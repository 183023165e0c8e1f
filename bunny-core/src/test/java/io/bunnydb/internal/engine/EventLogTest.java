package io.bunnydb.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.EventPage;
import io.bunnydb.EventQuery;
import io.bunnydb.MirrorEvent;
import io.bunnydb.MirrorEvent.Level;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class EventLogTest {
  private final EventLog log = new EventLog();

  private List<String> found(int limit, int offset, Level level, @Nullable String search) {
    return log.page(new EventQuery(limit, offset, level, search)).events().stream()
        .map(MirrorEvent::message)
        .toList();
  }

  @Test
  void newestComesFirst() {
    log.info("one", Map.of());
    log.warn("two", Map.of("kind", "DATA"));
    log.error("three", Map.of());
    EventPage page = log.page(EventQuery.newest(2));
    assertThat(page.events()).extracting(MirrorEvent::id).containsExactly(3L, 2L);
    assertThat(page.events())
        .extracting(MirrorEvent::level)
        .containsExactly(Level.ERROR, Level.WARN);
    assertThat(page.total()).isEqualTo(3);
    assertThat(page.events().get(1).details()).containsExactly(Map.entry("kind", "DATA"));
  }

  @Test
  void pagesFollowOneAnother() {
    for (int i = 1; i <= 5; i++) {
      log.info("event " + i, Map.of());
    }
    assertThat(found(2, 0, Level.INFO, null)).containsExactly("event 5", "event 4");
    assertThat(found(2, 2, Level.INFO, null)).containsExactly("event 3", "event 2");
    assertThat(found(2, 4, Level.INFO, null)).containsExactly("event 1");
    assertThat(found(2, 6, Level.INFO, null)).isEmpty();
  }

  @Test
  void levelAndTextAreLookedFor() {
    log.info("Copy begins", Map.of("table", "public.Users"));
    log.warn("a copy failed", Map.of());
    log.error("paused", Map.of("table", "public.users"));
    assertThat(found(9, 0, Level.WARN, null)).containsExactly("paused", "a copy failed");
    assertThat(found(9, 0, Level.INFO, "COPY")).containsExactly("a copy failed", "Copy begins");
    assertThat(found(9, 0, Level.INFO, ".users")).containsExactly("paused", "Copy begins");
    assertThat(found(9, 0, Level.ERROR, "copy")).isEmpty();
    assertThat(log.page(new EventQuery(1, 1, Level.INFO, "copy")).total()).isEqualTo(2);
  }

  @Test
  void lastThousandAreKept() {
    for (int i = 1; i <= 1010; i++) {
      log.info("event " + i, Map.of());
    }
    EventPage all = log.page(EventQuery.newest(1000));
    assertThat(all.total()).isEqualTo(1000);
    assertThat(all.events().get(0).id()).isEqualTo(1010);
    assertThat(all.events().get(999).id()).isEqualTo(11);
  }

  @Test
  void limitsAreChecked() {
    assertThatThrownBy(() -> EventQuery.newest(0)).hasMessageContaining("1 to 1000, not 0");
    assertThatThrownBy(() -> EventQuery.newest(1001)).hasMessageContaining("not 1001");
    assertThatThrownBy(() -> new EventQuery(1, -1, Level.INFO, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not -1");
  }
}
