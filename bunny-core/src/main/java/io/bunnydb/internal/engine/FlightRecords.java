package io.bunnydb.internal.engine;

import io.bunnydb.BatchReport;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorState;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.ErrorKinds;
import java.time.Duration;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/**
 * What a mirror does, as events of the JDK's flight recorder. Where nothing records, each costs the
 * look whether something does.
 */
final class FlightRecords {
  private FlightRecords() {}

  /** A destination transaction. */
  @Name("io.bunnydb.Batch")
  @Label("Batch")
  @Category("Bunny")
  @Description("Changes were applied in one destination transaction")
  @StackTrace(false)
  static final class Batch extends Event {
    @Label("Mirror")
    String mirror = "";

    @Label("Transactions")
    int transactions;

    @Label("Rows")
    long rows;

    @Label("Bytes")
    @DataAmount
    long bytes;

    @Label("Time To Apply")
    @Timespan(Timespan.NANOSECONDS)
    long applyTime;

    @Label("Position")
    String position = "";
  }

  /** A table's copy that has ended. */
  @Name("io.bunnydb.Copy")
  @Label("Copy")
  @Category("Bunny")
  @Description("A table was copied")
  @StackTrace(false)
  static final class Copy extends Event {
    @Label("Mirror")
    String mirror = "";

    @Label("Table")
    String table = "";

    @Label("Rows")
    long rows;

    @Label("Bytes")
    @DataAmount
    long bytes;

    @Label("Time To Copy")
    @Timespan(Timespan.NANOSECONDS)
    long copyTime;
  }

  /** An error, whether the mirror stops for it or not. */
  @Name("io.bunnydb.Error")
  @Label("Error")
  @Category("Bunny")
  @Description("A mirror met an error")
  @StackTrace(false)
  static final class Failure extends Event {
    @Label("Mirror")
    String mirror = "";

    @Label("Kind")
    String kind = "";

    @Label("Message")
    String message = "";
  }

  /** A step from one state to another. */
  @Name("io.bunnydb.StateChange")
  @Label("State Change")
  @Category("Bunny")
  @Description("A mirror came into another state")
  @StackTrace(false)
  static final class StateChange extends Event {
    @Label("Mirror")
    String mirror = "";

    @Label("From")
    String from = "";

    @Label("To")
    String to = "";
  }

  static void batch(String mirror, BatchReport report) {
    Batch event = new Batch();
    if (event.shouldCommit()) {
      event.mirror = mirror;
      event.transactions = report.transactions();
      event.rows = report.rows();
      event.bytes = report.bytes();
      event.applyTime = report.duration().toNanos();
      event.position = report.position().toString();
      event.commit();
    }
  }

  /** Tells of what came in that time, without rows that were kept. */
  static void copy(String mirror, TableName table, long rows, long bytes, Duration time) {
    Copy event = new Copy();
    if (event.shouldCommit()) {
      event.mirror = mirror;
      event.table = table.toString();
      event.rows = rows;
      event.bytes = bytes;
      event.copyTime = time.toNanos();
      event.commit();
    }
  }

  static void error(String mirror, MirrorException error) {
    Failure event = new Failure();
    if (event.shouldCommit()) {
      event.mirror = mirror;
      event.kind = ErrorKinds.of(error).name();
      event.message = String.valueOf(error.getMessage());
      event.commit();
    }
  }

  static void stateChange(String mirror, MirrorState from, MirrorState to) {
    StateChange event = new StateChange();
    if (event.shouldCommit()) {
      event.mirror = mirror;
      event.from = from.name();
      event.to = to.name();
      event.commit();
    }
  }
}
