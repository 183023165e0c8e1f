package io.bunnydb;

import io.bunnydb.internal.engine.MirrorEngine;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * Operates one running mirror.
 *
 * <p>Thread-safe. Commands run one after another; each returns when it has taken effect. A command
 * whose state already holds does nothing; one that the state forbids throws {@link
 * IllegalStateException} and changes nothing. {@link #close} ends the work of this process and
 * drops nothing; the mirror can be started again.
 */
public final class MirrorHandle implements AutoCloseable {
  private final MirrorEngine engine;

  MirrorHandle(MirrorEngine engine) {
    this.engine = engine;
  }

  /** The mirror's name. */
  public String name() {
    return engine.name();
  }

  /** Where the mirror stands in its life; asks nobody, so it returns at once. */
  public MirrorState state() {
    return engine.state();
  }

  /** The mappings of the mirror's tables as they are now, {@link #updateTables} included. */
  public List<TableMapping> tables() {
    return engine.tables();
  }

  /**
   * How the mirror stands now. Asks the source for the end of its log at most twice a second, and
   * answers with what was known last if the source does not reply; it waits up to ten seconds for
   * the reply, and as long as the driver's {@code connectTimeout} where it has to connect first.
   */
  public MirrorStatus status() {
    return engine.status();
  }

  /**
   * What has happened to the mirror while this handle was open: states, errors and attempts,
   * copies, tables and indexes, other lists of tables, dangers to the slot, what the policy for
   * pauses did, takeovers, promotions of the source. The last 1,000 events are kept, in memory.
   * Usable after {@link #close}, too.
   *
   * @return the events that are wanted, newest first
   */
  public EventPage events(EventQuery query) {
    return engine.events(query);
  }

  /**
   * Stops writing: what is in flight is rolled back, the slot is kept and retains the source's log.
   * Returns when nothing writes any more. Paused is remembered: started again, in this or another
   * process, the mirror is still paused.
   *
   * @throws IllegalStateException if the mirror has failed, was closed or is being dropped
   * @throws MirrorException if the destination cannot be told; nothing writes all the same, and
   *     this handle stays paused
   */
  public void pause() {
    engine.pause();
  }

  /**
   * Goes on from the last committed position. Returns when it is proven that the source still has
   * every change since, and the work has begun. Tables added meanwhile are copied, while the others
   * go on.
   *
   * <p>A mirror whose set-up failed is set up anew.
   *
   * @throws SlotLostException if changes are missing; the mirror stays paused
   * @throws PreflightException if the mirror had failed and still cannot work; it stays failed
   * @throws MirrorException if the mirror cannot go on for another reason; it stays as it was
   * @throws IllegalStateException if the mirror was closed or is being dropped
   */
  public void resume() {
    engine.resume();
  }

  /**
   * Replaces the list of tables. Those that are not in the new list stop and keep their rows; new
   * ones are copied, by a paused mirror on {@link #resume}; one whose mapping changed counts as
   * removed and added, and is emptied before it is copied again, unless only its partition key
   * changed. The list is remembered in the checkpoint: the next {@code start()} goes by it, not by
   * the builder's. Returns when that is done.
   *
   * <p>Tables that are added to a RUNNING mirror, with none removed or changed, come to it between
   * two transactions: the others go on. Any other list, and one that is given during a copy or a
   * resync, interrupts a mirror that works for some tenths of a second, and once more when the
   * added tables join; copies that are under way go on under another snapshot. A list that is the
   * present one, or is refused, interrupts nothing.
   *
   * @param tables the whole new list
   * @throws IllegalArgumentException if the list is empty, maps a table twice, or maps two to one
   * @throws IllegalStateException if the mirror is neither RUNNING, RESYNCING, SNAPSHOT nor PAUSED
   * @throws PreflightException if a new table cannot be mirrored; nothing was changed
   * @throws PeerConnectionException if a side cannot be reached; nothing was changed
   */
  public void updateTables(TableMapping... tables) {
    engine.updateTables(Arrays.asList(tables));
  }

  /**
   * Copies tables again and replaces their rows on the destination. They count as removed and added
   * again: each is emptied when its copy begins, which readers of a large one see, and joins when
   * it ends, while the others go on. Returns when that is remembered; the copies follow by
   * themselves, those of a paused mirror on {@link #resume}. A running mirror stays RUNNING with
   * the tables COPYING, and is SNAPSHOT where they are all it has. Tables that were paused or
   * quarantined are so no longer.
   *
   * @param tables names of source tables; no other than the mirror's
   * @throws IllegalArgumentException if none is named, or one that the mirror has not
   * @throws IllegalStateException if the mirror is neither RUNNING, RESYNCING, SNAPSHOT nor PAUSED
   * @throws PreflightException if a table cannot be mirrored any more, or another mirror of the
   *     same store in the destination fills its destination table, too; nothing was changed
   * @throws MirrorException if a side cannot be reached; nothing was changed
   */
  public void resync(TableName... tables) {
    engine.resync(ResyncStrategy.TRUNCATE, Arrays.asList(named(tables, "resync")));
  }

  /** Copies every table again, as {@link #resync(TableName...)} does the named ones. */
  public void resync() {
    engine.resync(ResyncStrategy.TRUNCATE, List.of());
  }

  /**
   * Copies tables again, their new rows taking the place of the old ones as the strategy says;
   * {@link ResyncStrategy#TRUNCATE} is {@link #resync(TableName...)}.
   *
   * <p>With {@link ResyncStrategy#SWAP} the tables stay LIVE, and are followed while their rows are
   * copied beside them. What changed meanwhile is read again for the copies, and while these are
   * caught up the tables stand still; then one transaction changes whatever rows differ, in all of
   * them. Readers never see a table that is empty, or older than before, nor half of the change,
   * and wait for nothing. A running mirror is RESYNCING until then. What the destination refuses
   * for good, a row of a wrong shape for instance, ends it: the tables keep their rows and are
   * followed on, which an event of level ERROR tells, and listeners. A call while one goes on
   * begins anew, for the tables of both; a TRUNCATE of the same tables takes it back. Returns when
   * it is remembered.
   *
   * @param strategy how
   * @param tables names of source tables; no other than the mirror's
   * @throws IllegalArgumentException if none is named, or one that the mirror has not
   * @throws IllegalStateException if the mirror is neither RUNNING, RESYNCING, SNAPSHOT nor PAUSED
   * @throws PreflightException as {@link #resync(TableName...)}; with SWAP also where the
   *     destination table is gone, no table can be made in its schema, or a publication of the
   *     destination would publish that; nothing was changed
   * @throws MirrorException if a side cannot be reached; nothing was changed
   */
  public void resync(ResyncStrategy strategy, TableName... tables) {
    if (tables.length == 0) {
      throw new IllegalArgumentException("name a table, or call resync(strategy) for all");
    }
    engine.resync(strategy, Arrays.asList(tables));
  }

  /** Copies every table again, as {@link #resync(ResyncStrategy, TableName...)} does the named. */
  public void resync(ResyncStrategy strategy) {
    engine.resync(strategy, List.of());
  }

  /**
   * Operates one table.
   *
   * @param source the table's name on the source, an SQL identifier as {@link TableName#parse}
   *     reads it
   * @throws IllegalArgumentException if the name is malformed, or the mirror has no such table
   */
  public TableHandle table(String source) {
    return table(TableName.parse(source));
  }

  /**
   * Operates one table.
   *
   * @param source the table's name on the source
   * @throws IllegalArgumentException if the mirror has no such table
   */
  public TableHandle table(TableName source) {
    engine.tableCommands().require(List.of(source));
    return new TableHandle(engine.tableCommands(), this, source);
  }

  /**
   * Sets tables aside, all of them between the same two transactions: they are {@link
   * TableState#PAUSED}, and the others go on. Returns when nothing of them is written any more.
   * Nothing is lost: the slot keeps the source's log from here on, whose size the status tells as
   * {@code retainedWalBytes}, and {@link #resumeTables} needs no copy. It is remembered, and has
   * nothing to do with a {@link #pause} of the mirror.
   *
   * <p>A table whose copy is not done is copied after it was resumed. Foreign keys rest while a
   * mirror writes: rows of the others may refer to rows that a paused table lacks; which mirrored
   * tables foreign keys tie to it is told in {@link #events}. A mirror that works is interrupted
   * for some tenths of a second, and copies that are under way go on under another snapshot.
   *
   * @param tables names of source tables; those that are paused already stay so
   * @throws IllegalArgumentException if the mirror has not one of them
   * @throws IllegalStateException if one is quarantined, or the mirror is neither RUNNING, SNAPSHOT
   *     nor PAUSED, or was paused before its set-up was complete
   * @throws MirrorException if the destination cannot be told; nothing was changed
   */
  public void pauseTables(TableName... tables) {
    engine.tableCommands().pause(Arrays.asList(tables));
  }

  /**
   * Takes tables back that {@link #pauseTables} has set aside. Returns when that is remembered; the
   * stream then goes back to where they stand, and the others pass over what they have, for which
   * they stand still. A paused mirror does that on {@link #resume}.
   *
   * @param tables names of source tables; those that are not paused stay as they are
   * @throws IllegalArgumentException if the mirror has not one of them
   * @throws IllegalStateException if one is quarantined, or the mirror is neither RUNNING, SNAPSHOT
   *     nor PAUSED
   * @throws MirrorException if the destination cannot be told; nothing was changed
   */
  public void resumeTables(TableName... tables) {
    engine.tableCommands().resume(Arrays.asList(tables));
  }

  /**
   * Begins a paused mirror anew whose source cannot go on where it was: whose slot was lost or
   * invalidated, or that was restored, rebuilt or failed over. Slot and publication are dropped and
   * made anew (those that an administrator made are used as they are then), the source's identity
   * is taken anew, every table is copied again in the place of its rows, whatever {@link
   * MirrorBuilder#initialSnapshot} says, and the mirror runs. Returns when the slot is made, which
   * waits for the end of the transactions that are writing on the source; the copies follow by
   * themselves. If it is broken off, it can be called again.
   *
   * @throws IllegalStateException if the mirror is not paused
   * @throws PreflightException if a table cannot be mirrored any more, or another mirror of the
   *     same store in the destination fills its destination table, too; nothing was changed
   * @throws MirrorException if it cannot be done; the mirror stays paused
   */
  public void recreate() {
    engine.recreate();
  }

  /**
   * Tries at once what would be tried again later, or a set-up that failed; resumes a mirror that
   * an error paused. While an attempt is under way, the next follows it without a wait. Does
   * nothing in other states.
   *
   * @throws MirrorException as {@link #resume}
   * @throws IllegalStateException if the mirror was closed or is being dropped
   */
  public void retry() {
    engine.retry();
  }

  /**
   * Deletes the mirror: slot, publication (unless an administrator made them) and checkpoint. The
   * destination's tables stay. This handle is closed by it.
   *
   * @throws MirrorException if a side cannot be reached; what may be left is named. The mirror then
   *     stays TERMINATING: nothing writes, and the call can be repeated, on this handle or on that
   *     of another start
   * @throws IllegalStateException if the mirror was closed
   */
  public void drop() {
    engine.drop();
  }

  /**
   * Tells what {@link #syncSchema} would do: the differences between the source's tables and their
   * destinations, with the SQL that would remove them. Reads both sides and changes nothing; it may
   * read all rows of source tables, for half a minute at the most in all, to learn what new columns
   * hold.
   *
   * @return the differences, each DUE, WAITS or BY_HAND; none where both sides agree
   * @throws IllegalStateException if the mirror is neither RUNNING nor PAUSED
   * @throws MirrorException if a side cannot be read
   */
  public List<SchemaChange> planSchema() {
    return engine.planSchema();
  }

  /**
   * Brings the destination's tables in line with the source's: columns that were added, their
   * types, where every value stays the same, NOT NULL, defaults, computed columns, labels of enums,
   * comments. No row is lost by it, and none that is on the way is stopped: what suits rows from
   * before and after the source's change is done at once; what does not, such as SET NOT NULL, when
   * everything is applied that had committed when this was called. A paused mirror leaves that for
   * another call, after {@link #resume}. Excluded columns stay out.
   *
   * <p>What cannot be proven harmless is not done, but told with the reason and the cure: columns
   * that were dropped, or renamed where that is not certain; other types; columns whose values in
   * rows of before are not sent. That a USING expression changed values is not seen. Indexes,
   * constraints and identities that the destination has no equal of, whatever its name, are
   * BY_HAND, with their SQL, as it may be without them on purpose: those that a table made by Bunny
   * would get, and no index by {@link MirrorBuilder#replicateIndexes replicateIndexes(false)}, no
   * foreign key by {@link MirrorBuilder#replicateForeignKeys replicateForeignKeys(false)}. What it
   * has beyond the source's is not told of. Tables that are being copied are not compared.
   *
   * <p>The mirror is SYNCING_SCHEMA for as long as the destination is altered, then what it was. A
   * running mirror rolls back what is in flight, and waits up to a minute for the rows on the way.
   * Each change is a transaction of its own, which locks its table, and waits up to fifteen seconds
   * for that. Broken off, it can be called again.
   *
   * @return the differences as {@link #planSchema} tells them, with what became of each
   * @throws IllegalStateException if the mirror is neither RUNNING nor PAUSED
   * @throws MirrorException if a side cannot be reached; changes that were made stay
   */
  public List<SchemaChange> syncSchema() {
    return engine.syncSchema();
  }

  /**
   * Brings the sequences of the destination's tables forward to where the source's are, for a
   * cut-over: those of identity and serial columns, and those that a default names; one that the
   * destination lacks is made. Changes of sequences are not replicated, so this is to be called
   * when nothing writes on the source any more and {@link #awaitCaughtUp} has returned, or with a
   * margin. A sequence never goes back. In all tables or, after an error, in none; a table that its
   * first copy has yet to make is passed over.
   *
   * @param margin how many steps beyond the source's last values; 0 or more
   * @return the sequences, each with its value
   * @throws IllegalArgumentException if the margin is negative
   * @throws IllegalStateException if the mirror was closed or is being dropped
   * @throws MirrorException if a side cannot be reached, a right is missing, or a value lies
   *     outside a sequence's bounds
   */
  public List<SequenceSync> syncSequences(long margin) {
    return engine.syncSequences(margin);
  }

  /**
   * Compares the rows of both sides' tables while both are in use, and holds nothing up: range by
   * range by checksums, then key by key where these differ. A row is reported as differing only
   * where that is certain: its values on the source have been applied, and the destination shows
   * others. A row in motion is looked at again until it agrees; if it does not in time it is {@link
   * RowDifference.Kind#UNSETTLED}, neither equal nor different. Only mirrored columns are compared,
   * by their text, and only rows that the mapping's filter lets pass; on the destination every row
   * counts.
   *
   * <p>What was equal when both sides were read counts as equal, what was written later is not
   * looked at. Of a paused mirror what was written since is not applied, so every row that is not
   * equal is unsettled. A table without a key that both sides have is compared as a whole, for
   * which it has to be quiet for a while, and no rows are listed. Tables that are being copied are
   * skipped.
   *
   * <p>Runs on the caller's thread, beside others, for as long as it takes to read the tables. The
   * result is an event, too.
   *
   * @param options how much is read at a time, and told
   * @param tables names of source tables, none for all
   * @return what was found, table by table
   * @throws IllegalArgumentException if the mirror has not one of them
   * @throws IllegalStateException if the mirror is neither RUNNING nor PAUSED, or is closed
   *     meanwhile
   * @throws PreflightException if a role lacks the right to read a table
   * @throws AwaitTimeoutException if the thread was interrupted, which then still is
   * @throws MirrorException if a side cannot be read
   */
  public VerifyReport verify(VerifyOptions options, TableName... tables) {
    return engine.verify(Arrays.asList(tables), options);
  }

  /**
   * Compares tables with the {@linkplain VerifyOptions#defaults default options}, as {@link
   * #verify(VerifyOptions, TableName...)} does.
   *
   * @param tables names of source tables
   * @throws IllegalArgumentException if none is named
   */
  public VerifyReport verify(TableName... tables) {
    return verify(VerifyOptions.defaults(), named(tables, "verify"));
  }

  /** Compares every table, as {@link #verify(TableName...)} does the named ones. */
  public VerifyReport verify() {
    return verify(VerifyOptions.defaults());
  }

  /**
   * Compares tables as {@link #verify(VerifyOptions, TableName...)} does, and gives the rows that
   * differ the source's values: writes those that are missing, corrects those that are different,
   * deletes those that are additional, which rows of partitions are, too, that the source has
   * dropped ({@link VerifyOptions#deletesAdditional(boolean)} lets them stay). Each hundred rows
   * are a transaction of the destination, in which the table is locked against writers, for some
   * milliseconds mostly, so that the mirror's changes of it wait; readers do not. Rows that are
   * unsettled are left as they are, and so is a table that can only be compared as a whole: {@link
   * #resync} it. Broken off at any moment, by a crash as well, it leaves whole rows, and can be
   * called again.
   *
   * @param options how much is read at a time, and told
   * @param tables names of source tables, none for all
   * @return what was found, and how many rows of it were repaired
   * @throws IllegalArgumentException if the mirror has not one of them
   * @throws IllegalStateException if the mirror is not RUNNING, or is closed meanwhile
   * @throws PreflightException if a role lacks a right to read or write a table, or if another
   *     mirror fills the destination table, whose rows would be deleted; nothing was changed
   * @throws AwaitTimeoutException if the thread was interrupted, which then still is
   * @throws MirrorException if a side cannot be read or written; what was repaired stays
   */
  public VerifyReport repair(VerifyOptions options, TableName... tables) {
    return engine.repair(Arrays.asList(tables), options);
  }

  /**
   * Repairs tables with the {@linkplain VerifyOptions#defaults default options}, as {@link
   * #repair(VerifyOptions, TableName...)} does.
   *
   * @param tables names of source tables
   * @throws IllegalArgumentException if none is named
   */
  public VerifyReport repair(TableName... tables) {
    return repair(VerifyOptions.defaults(), named(tables, "repair"));
  }

  /** Repairs every table, as {@link #repair(TableName...)} does the named ones. */
  public VerifyReport repair() {
    return repair(VerifyOptions.defaults());
  }

  private static TableName[] named(TableName[] tables, String command) {
    if (tables.length == 0) {
      throw new IllegalArgumentException("name a table, or call " + command + "() for all");
    }
    return tables;
  }

  /**
   * Waits for a state.
   *
   * @throws AwaitTimeoutException if the time is over, or the thread was interrupted, which then
   *     still is
   * @throws IllegalStateException if the mirror was closed, also while waiting
   * @throws MirrorException if an error paused or ended the mirror, so that it will not come there
   */
  public void awaitState(MirrorState state, Duration timeout) {
    engine.awaitState(state, timeout);
  }

  /**
   * Waits until everything that was committed on the source before this call is on the destination,
   * in tables that are being copied too: committed there, and on its disk some tenths of a second
   * later. Tables that are PAUSED or QUARANTINED are not waited for. For a cut-over, {@link #pause}
   * or {@link #close} afterwards waits for the disk.
   *
   * <p>Commits that the source did not wait for ({@code synchronous_commit} off) are among them.
   * Where the source's log is not flushed to its end, this takes a transaction ID there, which has
   * it flushed within some tenths of a second (three times {@code wal_writer_delay} at most).
   *
   * @throws AwaitTimeoutException if the time is over, or the thread was interrupted, which then
   *     still is
   * @throws IllegalStateException if the mirror was closed, also while waiting
   * @throws MirrorException if the source cannot be asked, which a mirror that is not paused tries
   *     until the time is over, or an error stopped the mirror
   */
  public void awaitCaughtUp(Duration timeout) {
    engine.awaitCaughtUp(timeout);
  }

  /**
   * Waits until everything that was committed on the source before a position is on the
   * destination, in tables that are being copied too, as {@link #awaitCaughtUp} means it.
   *
   * @throws AwaitTimeoutException if the time is over, or the thread was interrupted, which then
   *     still is
   * @throws IllegalStateException if the mirror was closed, also while waiting
   * @throws MirrorException if an error stopped the mirror
   */
  public void awaitApplied(Lsn lsn, Duration timeout) {
    engine.awaitApplied(lsn, timeout);
  }

  /**
   * Ends this handle: work in flight is rolled back, threads and connections end, nothing is
   * dropped. Does nothing the second time. Threads that wait in this handle's methods get an {@link
   * IllegalStateException}.
   *
   * <p>Returns at once where the servers answer. One that does not is given up after ten seconds,
   * and a connection that the mirror's work is just making when the driver gives up: after its
   * {@code connectTimeout} of ten seconds, or {@code loginTimeout} of thirty, unless the URL says
   * otherwise. A connection by which the source is asked for status and slot is not waited for.
   */
  @Override
  public void close() {
    engine.close();
  }
}
