package io.bunnydb.internal.engine;

import io.bunnydb.TableName;
import io.bunnydb.TableStatus;
import io.bunnydb.internal.apply.TableProgress;
import io.bunnydb.internal.snapshot.SnapshotCopy;
import java.time.Duration;
import java.util.Map;

/**
 * Tells of the copies of a mirror's tables, and of the indexes that these do without.
 *
 * @param context the mirror
 */
record CopyReports(MirrorContext context) implements SnapshotCopy.Listener {

  @Override
  public void begins(TableProgress table) {
    TableStatus status = table.status();
    note("the copy of table " + status.source() + " begins", status);
    tell(status);
  }

  @Override
  public void startsOver(TableName table, String reason) {
    context.warn(
        "the copy of table "
            + table
            + " starts over, as outdated rows of an earlier one could not be removed: "
            + reason,
        Map.of("table", table.toString()));
  }

  @Override
  public void keeps(TableProgress table) {
    TableStatus status = table.status();
    note(
        "the copy of table "
            + status.source()
            + " goes on: "
            + status.rowsCopied()
            + " rows are kept",
        status);
    tell(status);
  }

  @Override
  public void goesOn(TableProgress table) {
    tell(table.status());
  }

  @Override
  public void ends(TableProgress table, long rowsKept, long bytesKept) {
    TableStatus status = table.status();
    long rows = status.rowsCopied() - rowsKept;
    Duration time = table.copyTime();
    note(
        "table "
            + status.source()
            + " is copied: "
            + rows
            + " rows in "
            + time.toMillis()
            + " ms"
            + (rowsKept == 0 ? "" : ", beside " + rowsKept + " that were kept"),
        status);
    FlightRecords.copy(
        context.config().name(), status.source(), rows, status.bytesCopied() - bytesKept, time);
    context.lifecycle().copied(status.source());
    tell(status);
  }

  @Override
  public void leavesOut(TableName table, String index, String reason) {
    context.note(
        "index " + index + " of " + table + " is not made on the destination: " + reason,
        Map.of("table", table.toString(), "index", index));
  }

  @Override
  public void doesWithout(TableName table, String index, String reason) {
    context.warn(
        "destination table " + table + " does without " + index + ": " + reason,
        Map.of("destinationTable", table.toString(), "index", index));
  }

  @Override
  public void lacksWorker(String reason) {
    context.warn(
        "the copy goes on with fewer workers, another could not begin: " + reason, Map.of());
  }

  private void note(String what, TableStatus table) {
    context.note(
        what,
        Map.of(
            "table", table.source().toString(),
            "destinationTable", table.destination().toString(),
            "rowsToCopy", Long.toString(table.rowsToCopy()),
            "rowsCopied", Long.toString(table.rowsCopied()),
            "bytesCopied", Long.toString(table.bytesCopied())));
  }

  private void tell(TableStatus table) {
    context.lifecycle().tell(listener -> listener.onCopyProgress(context.config().name(), table));
  }
}
