package io.bunnydb.rounds;

import io.bunnydb.Mirror;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.TableMapping;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.mirror.ChildMirror;
import io.bunnydb.mirror.MirrorProcess;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TestDatabase;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** One round; the same seed does the same things in the same order. */
final class Round {
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final int STEPS = 12;

  private final MirrorDatabases databases;
  private final Random random;
  private final String schema;
  private final List<RandomTable> tables = new ArrayList<>();
  private final StringBuilder story = new StringBuilder();
  private int mirrored;
  private MirrorHandle handle;

  private Round(MirrorDatabases databases, long seed) {
    this.databases = databases;
    this.random = new Random(seed);
    this.schema = "r" + Long.toUnsignedString(seed, 36);
    int count = 2 + random.nextInt(3);
    for (int i = 0; i < count; i++) {
      tables.add(new RandomTable(schema + ".t" + i, random));
    }
    this.mirrored = 1 + random.nextInt(count);
    databases.source().execute("CREATE SCHEMA " + schema, sending(random.nextInt(3) == 0));
    for (RandomTable table : tables) {
      databases.source().execute(table.create().toArray(new String[0]));
    }
    this.handle = builder().build().start();
  }

  /** Has the source send transactions before they commit, or large ones only as it does. */
  private String sending(boolean isAllInProgress) {
    boolean isOld =
        databases.source().queryLong("SELECT current_setting('server_version_num')::int") < 160000;
    String setting =
        isOld
            ? "logical_decoding_work_mem = " + (isAllInProgress ? "'64kB'" : "'64MB'")
            : "debug_logical_replication_streaming = "
                + (isAllInProgress ? "immediate" : "buffered");
    return "ALTER DATABASE " + databases.source().name() + " SET " + setting;
  }

  /**
   * Plays a round.
   *
   * @throws AssertionError if both sides differ at its end, or anything goes wrong; it tells what
   *     was done
   */
  static void play(MirrorDatabases databases, long seed) {
    Round round = new Round(databases, seed);
    try {
      round.play();
    } catch (AssertionError
        | RuntimeException
        | SQLException
        | InterruptedException
        | IOException e) {
      throw new AssertionError("seed " + seed + " did\n" + round.story + e.getMessage(), e);
    } finally {
      round.handle.close();
    }
  }

  private void play() throws SQLException, InterruptedException, IOException {
    try (Connection writer = databases.source().connection()) {
      for (int step = 0; step < STEPS; step++) {
        write(writer);
        operate();
      }
      write(writer);
    }
    if (handle.status().state() == MirrorState.PAUSED) {
      handle.resume();
    }
    handle.awaitCaughtUp(LONG);
    List<String> names = tables.subList(0, mirrored).stream().map(RandomTable::name).toList();
    databases.assertMirrored(names.toArray(new String[0]));
    if (handle.status().tables().stream().anyMatch(table -> table.rowsMissing() > 0)) {
      throw new AssertionError("changes met no row: " + handle.status().tables());
    }
    handle.drop();
    for (TestDatabase side : List.of(databases.source(), databases.destination())) {
      side.execute("DROP SCHEMA " + schema + " CASCADE");
    }
  }

  private void write(Connection writer) throws SQLException {
    writer.setAutoCommit(false);
    try (Statement statement = writer.createStatement()) {
      int transactions = 1 + random.nextInt(3);
      for (int i = 0; i < transactions; i++) {
        int changes = 1 + random.nextInt(6);
        for (int j = 0; j < changes; j++) {
          boolean isTakenBack = random.nextInt(10) == 0;
          statement.execute(isTakenBack ? "SAVEPOINT s" : "SELECT 1");
          statement.execute(tables.get(random.nextInt(tables.size())).change());
          statement.execute(isTakenBack ? "ROLLBACK TO s" : "SELECT 1");
        }
        if (random.nextInt(15) == 0) {
          writer.rollback();
        } else {
          writer.commit();
        }
      }
    }
  }

  private void operate() throws InterruptedException, IOException {
    int choice = random.nextInt(14);
    story.append("  ").append(choice).append(" with ").append(mirrored).append(" tables\n");
    switch (choice) {
      case 0, 1 -> handle.pause();
      case 2, 3 -> handle.resume();
      case 4 -> {
        handle.close();
        handle = builder().build().start();
      }
      case 5 -> cut(databases.source());
      case 6 -> cut(databases.destination());
      case 7 -> addTable();
      case 8 -> {
        if (random.nextInt(8) == 0) {
          killProcess();
        }
      }
      case 9 -> {
        if (handle.status().state() == MirrorState.RUNNING) {
          handle.awaitCaughtUp(LONG);
        }
      }
      default -> {}
    }
  }

  /** Ends the mirror's sessions on one side, as a crash of the network does. */
  private static void cut(TestDatabase side) {
    side.queryStrings(
        "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity"
            + " WHERE datname = current_database() AND application_name LIKE 'bunny%'");
  }

  private void addTable() {
    if (mirrored < tables.size()) {
      handle.pause();
      mirrored++;
      handle.updateTables(mappings());
      handle.resume();
    }
  }

  /** Lets another process run the mirror for a while, and kills it. */
  private void killProcess() throws InterruptedException, IOException {
    handle.close();
    List<String> names = tables.subList(0, mirrored).stream().map(RandomTable::name).toList();
    try (ChildMirror child = ChildMirror.launch(databases, "rounds", 1 << 16, names)) {
      child.awaitOutput(MirrorProcess.STARTING);
      child.runFor(random.nextInt(400));
    }
    handle = builder().build().start();
  }

  private MirrorBuilder builder() {
    return Mirror.builder("rounds")
        .source(databases.source().peer())
        .destination(databases.destination().peer())
        .tables(mappings())
        .maxBatchBytes(random.nextBoolean() ? 1 << 16 : 8 << 20)
        .snapshotRowsPerPartition(20)
        .checkpointStore(JdbcCheckpointStore.inDestination());
  }

  private TableMapping[] mappings() {
    return tables.subList(0, mirrored).stream()
        .map(table -> TableMapping.from(table.name()))
        .toArray(TableMapping[]::new);
  }
}
