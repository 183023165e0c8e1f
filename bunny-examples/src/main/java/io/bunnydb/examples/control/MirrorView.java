package io.bunnydb.examples.control;

import io.bunnydb.ErrorKind;
import io.bunnydb.MirrorFailure;
import io.bunnydb.MirrorPhase;
import io.bunnydb.MirrorState;
import io.bunnydb.MirrorStatus;
import io.bunnydb.TableState;
import io.bunnydb.TableStatus;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A mirror in an answer; what is null is left out.
 *
 * @param name the mirror's name
 * @param status a {@link MirrorState}
 * @param currentPhase {@code SNAPSHOT} or {@code CDC}
 * @param sourcePeer name of the source
 * @param destinationPeer name of the destination
 * @param slotName replication slot on the source
 * @param publicationName publication on the source
 * @param lastLsn everything committed before this position has been applied
 * @param lagBytes bytes of log from there to the source's end
 * @param lagSeconds age of the oldest change that is not applied; 0 when caught up
 * @param retainedWalBytes bytes of log that the slot keeps on the source
 * @param error why it is paused, failed, waiting to try again or not started; null if all is well
 * @param failure the same for programs; null if all is well, or it is not started
 * @param tables its tables
 */
record MirrorView(
    String name,
    MirrorState status,
    MirrorPhase currentPhase,
    String sourcePeer,
    String destinationPeer,
    @Nullable String slotName,
    @Nullable String publicationName,
    @Nullable String lastLsn,
    @Nullable Long lagBytes,
    @Nullable Double lagSeconds,
    @Nullable Long retainedWalBytes,
    @Nullable String error,
    @Nullable FailureView failure,
    List<TableView> tables) {

  /**
   * What is wrong with it.
   *
   * @param kind an {@link ErrorKind}
   * @param table the source table concerned
   * @param lsn commit position of the source transaction concerned
   * @param sqlState the SQLSTATE of the server's error
   * @param since since when every attempt has failed, in UTC, as ISO 8601 writes it
   * @param attempts how many in a row
   * @param nextAttempt when it is tried again by itself; null while it is, and where it is not
   */
  record FailureView(
      ErrorKind kind,
      @Nullable String table,
      @Nullable String lsn,
      @Nullable String sqlState,
      String since,
      int attempts,
      @Nullable String nextAttempt) {
    static @Nullable FailureView of(@Nullable MirrorFailure failure) {
      return failure == null
          ? null
          : new FailureView(
              failure.kind(),
              text(failure.table()),
              text(failure.lsn()),
              failure.sqlState(),
              failure.since().toString(),
              failure.attempts(),
              text(failure.nextAttempt()));
    }

    private static @Nullable String text(@Nullable Object value) {
      return value == null ? null : value.toString();
    }
  }

  /**
   * A table of it. The rows are counted from the start of the server on.
   *
   * @param sourceTable schema and table on the source, as SQL writes them
   * @param destinationTable the same on the destination
   * @param state a {@link TableState}
   * @param rowsToCopy the source's estimate of the rows that the copy has to bring; 0 for unknown
   * @param rowsCopied rows that the copy has brought
   * @param rowsInserted rows inserted by changes
   * @param rowsUpdated rows updated by changes
   * @param rowsDeleted rows deleted by changes
   */
  record TableView(
      String sourceTable,
      String destinationTable,
      TableState state,
      long rowsToCopy,
      long rowsCopied,
      long rowsInserted,
      long rowsUpdated,
      long rowsDeleted) {
    static TableView of(TableStatus table) {
      return new TableView(
          table.source().toString(),
          table.destination().toString(),
          table.state(),
          table.rowsToCopy(),
          table.rowsCopied(),
          table.rowsInserted(),
          table.rowsUpdated(),
          table.rowsDeleted());
    }
  }

  /** A mirror that runs. */
  static MirrorView of(MirrorStatus status) {
    return new MirrorView(
        status.name(),
        status.state(),
        status.phase(),
        status.sourcePeer(),
        status.destinationPeer(),
        status.slotName(),
        status.publicationName(),
        status.lastLsn().toString(),
        status.lagBytes(),
        Math.round(status.lagSeconds() * 1000) / 1000.0,
        status.retainedWalBytes(),
        status.error(),
        FailureView.of(status.failure()),
        status.tables().stream().map(TableView::of).toList());
  }

  /** A mirror that is known and not started; nobody can tell more of it. */
  static MirrorView ofUnstarted(CreateRequest request, @Nullable String problem) {
    return new MirrorView(
        request.name(),
        MirrorState.CREATED,
        MirrorPhase.SNAPSHOT,
        request.sourcePeer(),
        request.destinationPeer(),
        null,
        null,
        null,
        null,
        null,
        null,
        problem == null ? null : "not started yet: " + problem,
        null,
        List.of());
  }
}
