package io.bunnydb.benchmarks.endtoend;

import java.util.OptionalDouble;

/**
 * What one turn of one contender came to. Immutable.
 *
 * @param workload the workload's name
 * @param contender who did it
 * @param pair the number of the pair, from 1
 * @param changes row changes
 * @param seconds how long they took; with {@code steady} how long they were written
 * @param p50 median milliseconds from commit to visible, of {@code steady} alone
 * @param p99 the same, 99th percentile
 * @param cpu seconds of processor time
 * @param heapMib the most of the JVM's heap that was in use right after a collection, in MiB; empty
 *     if nothing was collected or the contender does not work in this JVM
 * @param comparedTables how many tables were found equal on both sides afterwards; 0 where nothing
 *     is written
 */
record Result(
    String workload,
    Contender.Name contender,
    int pair,
    long changes,
    double seconds,
    OptionalDouble p50,
    OptionalDouble p99,
    Cpu.Seconds cpu,
    OptionalDouble heapMib,
    int comparedTables) {

  /** Row changes per second. */
  double rate() {
    return changes / seconds;
  }
}
