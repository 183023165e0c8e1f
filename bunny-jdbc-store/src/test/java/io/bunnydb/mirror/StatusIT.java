package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitHeldUp;
import static io.bunnydb.mirror.Operated.awaitSlotIsFree;
import static io.bunnydb.mirror.Operated.hold;
import static io.bunnydb.mirror.Operated.mappings;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.BatchReport;
import io.bunnydb.EventQuery;
import io.bunnydb.MirrorEvent;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorListener;
import io.bunnydb.MirrorState;
import io.bunnydb.MirrorStatus;
import io.bunnydb.TableStatus;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What status, listener, event log and flight recorder tell of a mirror's work. */
final class StatusIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @BeforeEach
  void createTables() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, t text)",
            "CREATE TABLE b (id int PRIMARY KEY)",
            "INSERT INTO a SELECT i, repeat('x', 100) FROM generate_series(1, 5000) i",
            "ANALYZE");
  }

  /** Keeps the batches that it hears of. */
  private static final class Batches implements MirrorListener {
    private final List<BatchReport> reports = new CopyOnWriteArrayList<>();

    @Override
    public void onBatch(String mirror, BatchReport batch) {
      assertThat(mirror).isEqualTo("operated");
      reports.add(batch);
    }
  }

  /** A commit has the source flush its log, which it otherwise does when it likes. */
  private static void writeAndCatchUp(MirrorHandle handle, int id) {
    databases.source().execute("INSERT INTO a VALUES (" + id + ", 'written')");
    handle.awaitCaughtUp(SOON);
  }

  private static void finish(MirrorHandle handle) {
    writeAndCatchUp(handle, 99_999);
    databases.assertMirrored("public.a");
    handle.drop();
  }

  @Test
  void batchesAreToldAndCounted() {
    Batches batches = new Batches();
    try (MirrorHandle handle =
        running(mirror(databases, "public.a").maxBatchBytes(64 << 10).listener(batches))) {
      assertThat(batches.reports).isEmpty();
      databases
          .source()
          .execute(
              "INSERT INTO a VALUES (10000, 'one')",
              "UPDATE a SET t = 'two' WHERE id <= 3",
              // Larger than a batch: several pieces, one commit.
              "INSERT INTO a SELECT i, repeat('y', 100) FROM generate_series(20000, 22000) i");
      handle.awaitCaughtUp(SOON);
      List<BatchReport> reports =
          Await.value(
              SOON,
              "three transactions are told of",
              () -> List.copyOf(batches.reports),
              told -> told.stream().mapToInt(BatchReport::transactions).sum() == 3);
      assertThat(reports.stream().mapToLong(BatchReport::rows).sum()).isEqualTo(1 + 3 + 2001);
      assertThat(reports.stream().mapToLong(BatchReport::bytes).sum())
          .isBetween(200_000L, 400_000L);
      assertThat(reports).allMatch(report -> !report.duration().isNegative());
      assertThat(reports).extracting(BatchReport::position).isSorted();
      MirrorStatus status = handle.status();
      assertThat(status.batchesApplied()).isEqualTo(reports.size());
      assertThat(status.transactionsApplied()).isEqualTo(3);
      finish(handle);
    }
  }

  @Test
  void timesOfStartAndStateAreTold() {
    Instant before = Instant.now();
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      MirrorStatus running = handle.status();
      assertThat(running.startedAt()).isBetween(before, Instant.now());
      assertThat(running.stateSince()).isBetween(running.startedAt(), Instant.now());
      assertThat(running.safeWalBytes()).isNull();
      assertThat(running.timeToSlotLoss()).isNull();
      handle.pause();
      MirrorStatus paused = handle.status();
      assertThat(paused.startedAt()).isEqualTo(running.startedAt());
      assertThat(paused.stateSince()).isAfter(running.stateSince());
      handle.resume();
      finish(handle);
    }
  }

  @Test
  void copyTellsItsBytesAndTheTimeThatIsLeft() throws SQLException {
    databases.destination().execute("CREATE TABLE a (id int PRIMARY KEY, t text)");
    Connection held = hold(databases.destination(), "a");
    try (MirrorHandle handle = mirror(databases, "public.a").build().start()) {
      awaitHeldUp(databases.destination());
      TableStatus begun =
          Await.value(
              SOON,
              "the copy has begun",
              () -> handle.status().tables().get(0),
              t -> t.bytesToCopy() > 0);
      assertThat(begun.bytesToCopy()).isBetween(500_000L, 1_500_000L);
      held.close();
      handle.awaitState(MirrorState.RUNNING, SOON);
      TableStatus done = handle.status().tables().get(0);
      assertThat(done.bytesCopied()).isBetween(500_000L, 700_000L);
      assertThat(done.bytesToCopy()).isEqualTo(done.bytesCopied());
      assertThat(done.remainingCopyTime()).isNull();
      finish(handle);
    }
  }

  /** One that is held up is as late as its oldest commit, and does not say more between batches. */
  @Test
  void lagIsTheAgeOfTheOldestCommitThatWaits() throws SQLException {
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      writeAndCatchUp(handle, 9999);
      Await.until(SOON, "it is caught up", () -> handle.status().lagSeconds() == 0);
      Connection held = hold(databases.destination(), "a");
      Instant committed = Instant.now();
      databases.source().execute("INSERT INTO a VALUES (10000, 'one')");
      awaitHeldUp(databases.destination());
      MirrorStatus late = Await.value(SOON, "it is late", handle::status, s -> s.lagSeconds() > 1);
      double most = Duration.between(committed, Instant.now()).toMillis() / 1000.0 + 0.1;
      assertThat(late.lagSeconds()).isLessThan(most);
      assertThat(late.lagBytes()).isPositive();
      held.close();
      handle.awaitCaughtUp(SOON);
      Await.until(SOON, "it is caught up", () -> handle.status().lagSeconds() == 0);
      finish(handle);
    }
  }

  @Test
  @ExpectsLog(value = "is lost in", optional = true)
  void paceOfTheSourceTellsWhenTheSlotIsLost() {
    // The fixture takes the setting back.
    databases
        .source()
        .execute("ALTER SYSTEM SET max_slot_wal_keep_size = '4GB'", "SELECT pg_reload_conf()");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.pause();
      awaitSlotIsFree(databases.source());
      MirrorStatus status =
          Await.value(
              SOON,
              "the time is told",
              () -> {
                databases
                    .source()
                    .execute("SELECT pg_logical_emit_message(false, '', repeat('x', 100000))");
                return handle.status();
              },
              s -> s.timeToSlotLoss() != null);
      assertThat(status.safeWalBytes()).isBetween(1L << 30, 5L << 30);
      assertThat(Objects.requireNonNull(status.timeToSlotLoss()))
          .isBetween(Duration.ofSeconds(10), Duration.ofDays(2));
      handle.resume();
      finish(handle);
    }
  }

  @Test
  void eventsTellTheLifeOfAMirror() {
    MirrorHandle handle = running(mirror(databases, "public.a"));
    try (handle) {
      handle.pause();
      handle.updateTables(mappings("public.a", "public.b"));
      handle.resume();
      finish(handle);
    }
    List<MirrorEvent> events = handle.events(EventQuery.newest(1000)).events();
    assertThat(events).allMatch(event -> event.level() == MirrorEvent.Level.INFO);
    assertThat(events).extracting(MirrorEvent::id).isSortedAccordingTo(Comparator.reverseOrder());
    assertThat(events).extracting(MirrorEvent::at).isSortedAccordingTo(Comparator.reverseOrder());
    List<String> messages = new ArrayList<>(events.stream().map(MirrorEvent::message).toList());
    Collections.reverse(messages);
    assertThat(messages)
        .allMatch(message -> message.startsWith("mirror 'operated'"))
        .containsSubsequence(
            "mirror 'operated' is SETTING_UP",
            "mirror 'operated' is SNAPSHOT",
            "mirror 'operated': the copy of table public.a begins",
            "mirror 'operated' is RUNNING",
            "mirror 'operated' is PAUSING",
            "mirror 'operated' is PAUSED",
            "mirror 'operated': its tables are public.a, public.b; to be copied: public.b",
            "mirror 'operated' is RUNNING",
            "mirror 'operated': the copy of table public.b begins",
            "mirror 'operated' is TERMINATING",
            "mirror 'operated' is TERMINATED");
    assertThat(handle.events(new EventQuery(9, 0, MirrorEvent.Level.INFO, "is copied")).events())
        .extracting(event -> event.details().get("table"))
        .containsExactly("public.b", "public.a");
  }

  @Test
  void flightRecorderHoldsWhatHappened(@TempDir Path folder) throws IOException {
    try (Recording recording = new Recording()) {
      for (String name : List.of("Batch", "Copy", "StateChange", "Error")) {
        recording.enable("io.bunnydb." + name);
      }
      recording.start();
      try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
        databases.source().execute("INSERT INTO a VALUES (10000, 'one')");
        finish(handle);
      }
      recording.stop();
      Path file = folder.resolve("mirror.jfr");
      recording.dump(file);
      List<RecordedEvent> events = new ArrayList<>(RecordingFile.readAllEvents(file));
      events.removeIf(event -> !event.getEventType().getName().startsWith("io.bunnydb."));
      assertThat(events).allMatch(event -> event.getString("mirror").equals("operated"));
      assertThat(of(events, "Batch").stream().mapToLong(event -> event.getLong("rows")).sum())
          .isEqualTo(2);
      assertThat(of(events, "Copy"))
          .hasSize(1)
          .allMatch(event -> event.getLong("rows") == 5000)
          .allMatch(event -> event.getString("table").equals("public.a"));
      assertThat(of(events, "StateChange"))
          .extracting(event -> event.getString("to"))
          .contains("SETTING_UP", "SNAPSHOT", "RUNNING", "TERMINATED");
      assertThat(of(events, "Error")).isEmpty();
    }
  }

  private static List<RecordedEvent> of(List<RecordedEvent> events, String name) {
    return events.stream()
        .filter(event -> event.getEventType().getName().equals("io.bunnydb." + name))
        .toList();
  }
}
