package io.bunnydb.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One test's databases, from their making to the checks after the test.
 *
 * <p>Not thread-safe; the test's main thread begins and finishes it.
 */
final class TestRun {

  private static final AtomicInteger NUMBER = new AtomicInteger();
  private static final int LOG_TAIL = 4000; // characters

  private final TestDatabase source;
  private final TestDatabase destination;
  private final List<ServerState> servers;
  private final Set<Thread> threads;
  private final LogCheck logs;

  private TestRun(TestDatabase source, TestDatabase destination, List<ServerState> servers) {
    this.source = source;
    this.destination = destination;
    this.servers = servers;
    this.threads = LeakCheck.threads();
    this.logs = LogCheck.start(threads);
  }

  /** Makes the databases and begins to watch. */
  static TestRun begin(PostgresServer sourceServer, PostgresServer destinationServer) {
    int number = NUMBER.incrementAndGet();
    sourceServer.start();
    destinationServer.start();
    List<ServerState> servers =
        List.of(ServerState.of(sourceServer), ServerState.of(destinationServer));
    CompletableFuture<TestDatabase> destination =
        CompletableFuture.supplyAsync(
            () ->
                TestDatabase.create(Side.DESTINATION, destinationServer, "destination_" + number));
    TestDatabase source = TestDatabase.create(Side.SOURCE, sourceServer, "source_" + number);
    return new TestRun(source, destination.join(), servers);
  }

  /** The source. */
  TestDatabase source() {
    return source;
  }

  /** The destination. */
  TestDatabase destination() {
    return destination;
  }

  /**
   * Checks what the test has left, then cleans up.
   *
   * @param failed whether the test has failed; then nothing is checked, as all would follow from it
   * @param deadline how long threads and connections have to end
   * @return the problems in words
   */
  List<String> finish(Declarations declarations, boolean failed, Duration deadline) {
    List<String> problems = new ArrayList<>();
    boolean checked = false;
    try {
      source.server().start();
      destination.server().start();
      if (failed) {
        // A test that has run out of time may still wait for one of them.
        source.endSessions();
        destination.endSessions();
      }
      source.closeConnections();
      destination.closeConnections();
      if (!failed) {
        check(declarations, deadline, problems);
        checked = true;
      }
    } finally {
      List<String> logProblems = logs.finish(declarations);
      if (!failed) {
        problems.addAll(logProblems);
      }
      if (failed || !problems.isEmpty()) {
        showLog(source);
        showLog(destination);
      }
      try {
        servers.forEach(ServerState::restoreSettings);
      } finally {
        if (checked && problems.isEmpty()) {
          emptyDatabases();
        } else {
          dropDatabases();
        }
      }
    }
    return problems;
  }

  private void dropDatabases() {
    CompletableFuture<Void> other = CompletableFuture.runAsync(destination::drop);
    try {
      source.drop();
    } finally {
      try {
        other.join();
      } finally {
        servers.forEach(ServerState::restoreRoles);
      }
    }
  }

  /** Keeps the databases for the next test, where nothing of this one is left in them. */
  private void emptyDatabases() {
    int number = NUMBER.incrementAndGet();
    CompletableFuture<@Nullable SpareDatabase> other =
        CompletableFuture.supplyAsync(() -> destination.empty("destination_" + number));
    @Nullable SpareDatabase spareSource;
    @Nullable SpareDatabase spareDestination;
    try {
      spareSource = source.empty("source_" + number);
    } finally {
      try {
        spareDestination = other.join();
      } finally {
        servers.forEach(ServerState::restoreRoles);
      }
    }
    // Only now, as the sessions that emptied them have had time to end.
    if (spareSource != null) {
      source.keep(spareSource);
    }
    if (spareDestination != null) {
      destination.keep(spareDestination);
    }
  }

  private void check(Declarations declarations, Duration deadline, List<String> problems) {
    problems.addAll(LeakCheck.threadProblems(threads, deadline));
    problems.addAll(LeakCheck.connectionProblems(source, deadline));
    problems.addAll(LeakCheck.connectionProblems(destination, deadline));
    if (!declarations.leavesReplication()) {
      problems.addAll(LeakCheck.replicationProblems(source));
      problems.addAll(LeakCheck.replicationProblems(destination));
    }
    List<@Nullable String> common = new ArrayList<>(tables(source));
    common.retainAll(tables(destination));
    for (@Nullable String table : common) {
      if (table != null && !declarations.mayDiffer(table)) {
        try {
          TableComparison.assertEqual(source, table, destination, table);
        } catch (AssertionError e) {
          problems.add("without @SidesDiffer: " + e.getMessage());
        }
      }
    }
  }

  /** The permanent tables, partitioned ones too. */
  private static List<@Nullable String> tables(TestDatabase database) {
    return database.queryStrings(
        "SELECT format('%I.%I', nspname, relname) FROM pg_class"
            + " JOIN pg_namespace n ON n.oid = relnamespace"
            + " WHERE relkind IN ('r', 'p') AND relpersistence = 'p'"
            + " AND nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1");
  }

  /** Prints what the server has last logged about this database; the log's lines name it. */
  private static void showLog(TestDatabase database) {
    StringBuilder text = new StringBuilder();
    for (String line : database.server().log().lines().toList()) {
      if (line.contains(database.name())) {
        text.append(line).append('\n');
      }
    }
    if (!text.isEmpty()) {
      System.err.println(
          "log of " + database + ":\n" + text.substring(Math.max(0, text.length() - LOG_TAIL)));
    }
  }
}
