package io.bunnydb.benchmarks.endtoend;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * What the processes of one contender have used of the processors up to a moment. Immutable.
 *
 * @param source ticks by process id of the source's WAL sender
 * @param destination ticks by process id of the destination's backends
 * @param jvmNanos nanoseconds of this JVM
 */
record Cpu(Map<String, Long> source, Map<String, Long> destination, long jvmNanos) {
  private static final double TICKS_PER_SECOND = 100; // USER_HZ, the same on all Linux platforms
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  /**
   * Seconds of processor time; empty where the processes cannot be seen.
   *
   * @param source of the source's WAL sender
   * @param destination of the destination's backends
   * @param jvm of this JVM, whatever it did
   */
  record Seconds(OptionalDouble source, OptionalDouble destination, OptionalDouble jvm) {}

  /** Reads what has been used by now. */
  static Cpu now(Databases databases, Contender contender) throws SQLException {
    long jvm = jvmNow(); // first: the look-ups below are none of the contender's
    List<String> senders =
        databases
            .source()
            .values(
                "SELECT active_pid FROM pg_replication_slots WHERE slot_name = ?",
                contender.slot());
    return new Cpu(
        ticks(databases.source(), senders),
        ticks(databases.destination(), contender.destinationPids()),
        jvm);
  }

  /** What is known later, and of the processes that have ended by then what was known before. */
  Cpu and(Cpu later) {
    return new Cpu(
        union(source, later.source), union(destination, later.destination), later.jvmNanos);
  }

  private static Map<String, Long> union(Map<String, Long> before, Map<String, Long> later) {
    Map<String, Long> all = new HashMap<>(before);
    all.putAll(later);
    return all;
  }

  /** What was used since an earlier moment by the processes that are known. */
  Seconds since(Cpu earlier) {
    return new Seconds(
        seconds(source, earlier.source),
        seconds(destination, earlier.destination),
        OptionalDouble.of((jvmNanos - earlier.jvmNanos) / 1e9));
  }

  /** Nanoseconds that this JVM has used by now. */
  static long jvmNow() {
    return SYSTEM.getProcessCpuTime();
  }

  private static OptionalDouble seconds(Map<String, Long> now, Map<String, Long> before) {
    long ticks = 0;
    for (Map.Entry<String, Long> process : now.entrySet()) {
      ticks += process.getValue() - before.getOrDefault(process.getKey(), 0L);
    }
    return now.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(ticks / TICKS_PER_SECOND);
  }

  private static Map<String, Long> ticks(Database database, List<String> pids) {
    Map<String, Long> ticks = new HashMap<>();
    if (database.isLocal()) {
      for (String pid : pids) {
        ticks(pid).ifPresent(used -> ticks.put(pid, used));
      }
    }
    return ticks;
  }

  private static OptionalLong ticks(String pid) {
    try {
      return OptionalLong.of(sum(Files.readString(Path.of("/proc", pid, "stat"))));
    } catch (IOException e) {
      return OptionalLong.empty(); // no such file system, or the process has just ended
    }
  }

  /** utime and stime, fields 14 and 15 in proc(5); the name in field 2 may hold blanks. */
  private static long sum(String stat) {
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
  }
}
