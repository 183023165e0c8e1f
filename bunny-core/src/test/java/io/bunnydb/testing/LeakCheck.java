package io.bunnydb.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Finds what a mirror should not leave behind when it is closed or dropped. */
final class LeakCheck {

  private static final int FRAMES = 4;

  private LeakCheck() {}

  /** The live threads named {@code bunny-*}. */
  static Set<Thread> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.isAlive() && thread.getName().startsWith("bunny-"))
        .collect(Collectors.toSet());
  }

  /** Mirror threads that do not end in time, except those of before the test. */
  static List<String> threadProblems(Set<Thread> before, Duration deadline) {
    return awaitNone(
        deadline,
        "no thread bunny-* is left",
        () ->
            threads().stream()
                .filter(thread -> !before.contains(thread))
                .map(LeakCheck::describe)
                .toList());
  }

  /** Mirror connections to a server that do not end in time. */
  static List<String> connectionProblems(TestDatabase database, Duration deadline) {
    return awaitNone(
        deadline,
        "no connection bunny* is left on " + database.server(),
        () ->
            database.queryStrings(
                "SELECT format('%s (pid %s, database %s, %s) %s', application_name, pid, datname,"
                    + " state, left(query, 80)) FROM pg_stat_activity"
                    + " WHERE application_name LIKE 'bunny%'"));
  }

  /** Slots and publications of a database. */
  static List<String> replicationProblems(TestDatabase database) {
    List<@Nullable String> left =
        database.queryStrings(
            "SELECT 'slot ' || slot_name FROM pg_replication_slots"
                + " WHERE database = current_database()"
                + " UNION ALL SELECT 'publication ' || pubname FROM pg_publication ORDER BY 1");
    return left.isEmpty()
        ? List.of()
        : List.of("without @LeavesReplication: " + left + " left in " + database);
  }

  private static List<String> awaitNone(
      Duration deadline, String what, Callable<List<@Nullable String>> left) {
    List<String> problems = new ArrayList<>();
    try {
      Await.value(deadline, what, left, List::isEmpty);
    } catch (AssertionError e) {
      problems.add(String.valueOf(e.getMessage()));
    }
    return problems;
  }

  private static String describe(Thread thread) {
    return Arrays.stream(thread.getStackTrace())
        .limit(FRAMES)
        .map(frame -> "\n      at " + frame)
        .collect(
            Collectors.joining("", thread.getName() + " (" + thread.getState() + ")", "\n    "));
  }
}
