/**
 * A running mirror: its threads, its commands, its life.
 *
 * <p><b>The life of a change</b>, one class per step:
 *
 * <ol>
 *   <li>{@link io.bunnydb.internal.source.ReplicationStream#poll} takes the next message off the
 *       connection;
 *   <li>{@link io.bunnydb.internal.engine.Receiver} looks at its first byte, has {@link
 *       io.bunnydb.pgoutput.PgOutputDecoder} read where transactions begin and end, and copies it
 *       behind the others of its transaction into
 *   <li>a {@link io.bunnydb.internal.apply.Batch}, which at the end of a transaction, or in a large
 *       one when it is full, goes through the {@link io.bunnydb.internal.apply.BatchExchange} to
 *       the mirror's own thread;
 *   <li>there {@link io.bunnydb.internal.engine.Following} gives it to {@link
 *       io.bunnydb.internal.apply.Applier#apply}, whose {@code SessionWriter} begins the
 *       transaction, and whose {@code MessageWriter} reads it message by message; {@code Relations}
 *       finds each relation's {@code DestinationTable}, the destination table with its columns and
 *       key;
 *   <li>the {@code BatchWriter} takes each change: of a large batch it gathers them in the table's
 *       {@code SetWriter}, whose {@code NetChanges} know what is left to do for each key, and
 *       writes them by a few statements;
 *   <li>else, and where a table has no such writer, it hands them to the {@code ChangeWriter},
 *       which puts each into a run of its like: an {@code InsertRun} (one {@code COPY}) for many
 *       inserts, a {@code StatementRun} for the rest;
 *   <li>at the end of the batch the applier has {@link io.bunnydb.spi.CheckpointStore#advance}
 *       write the position, and commits both;
 *   <li>when {@link io.bunnydb.internal.apply.Durability} finds the commit on the destination's
 *       disk, {@link io.bunnydb.internal.source.ReplicationStream#acknowledge} tells the source.
 * </ol>
 *
 * <p><b>A large transaction</b> comes while it is in progress on the source, in pieces from STREAM
 * START to STREAM STOP. The receiver puts them into batches of their own, marked by the
 * transaction's {@code xid}; the applier's {@code InProgress} has a {@code SessionWriter} for each
 * such transaction, on a connection that the session opens for it. With STREAM COMMIT its
 * checkpoint is written and it commits there, and what it described of relations is adopted for the
 * transactions after it. If anything goes wrong before, {@code InProgressException} ends the
 * session, and the next one has the source send what has committed only.
 *
 * <p><b>A first start.</b> {@link io.bunnydb.internal.engine.MirrorThread} runs {@link
 * io.bunnydb.internal.engine.MirrorWork}{@code .open}, which loads the checkpoint and by that
 * becomes the mirror's owner; as there is none, {@link io.bunnydb.internal.engine.Admission} checks
 * everything, and a first checkpoint without a position is kept. What follows is the first session.
 *
 * <p><b>A plan</b> is made by {@link io.bunnydb.internal.engine.Planner} on the caller's thread,
 * with the same {@link io.bunnydb.internal.engine.Preflight}, and no owner.
 *
 * <p><b>A change of the schema.</b> {@link io.bunnydb.internal.engine.SchemaSync} has both sides
 * read on the caller's thread ({@link io.bunnydb.internal.engine.SchemaPlan}), and the mirror's
 * thread make the changes between two sessions ({@link
 * io.bunnydb.internal.engine.SchemaAlteration}). Where the policy lets it, {@link
 * io.bunnydb.internal.engine.SchemaCure} does so when a row has ended a session, and {@link
 * io.bunnydb.internal.engine.SchemaFollower} when the source has described a table.
 *
 * <p><b>Constraints</b> of tables that Bunny made come while a session follows the stream: {@link
 * io.bunnydb.internal.engine.LateConstraints} makes them when everything that they are about is
 * applied, {@link io.bunnydb.internal.engine.ConstraintValidation} has the server look at the rows.
 *
 * <p><b>A comparison.</b> {@link io.bunnydb.internal.engine.Verification} has both sides compared
 * on the caller's thread, beside the session. What a repair writes goes through {@link
 * io.bunnydb.internal.engine.RepairGate}, as after a pause nothing may write.
 *
 * <p><b>Threads.</b> {@link io.bunnydb.internal.engine.MirrorThread} does everything that changes
 * the mirror: commands, one after the other, as {@link io.bunnydb.internal.engine.MirrorWork}
 * tells, and between them one {@link io.bunnydb.internal.engine.Session} after the other, as {@link
 * io.bunnydb.internal.engine.Sessions} does. A session begins at the checkpoint and ends when it is
 * stopped, fails, or has copied tables that cannot join the stream in its midst. So start, resume,
 * the next attempt after an error and the join of a table are the same: the next session. A second
 * thread receives; further ones copy tables while there are any; {@link
 * io.bunnydb.internal.engine.SlotGuard} has one that looks at the slot, and {@link
 * io.bunnydb.internal.engine.SlotWarnings} tells what threatens it.
 *
 * <p><b>An error</b> ends the session. {@link io.bunnydb.internal.engine.Faults} describes it, the
 * catalog's {@code ErrorKinds} says of which kind it is, {@link
 * io.bunnydb.internal.engine.Lifecycle} counts and shows it, and {@code Sessions} lets another
 * attempt follow, or pauses. What happens is told through {@link
 * io.bunnydb.internal.engine.EventLog}.
 *
 * <p><b>A pause</b> stops the session: the {@link io.bunnydb.internal.catalog.StopSignal} closes
 * the exchange and cancels what runs on the servers, again and again until the session has rolled
 * back; then the mirror's thread, which is the only one that could write, notes in the checkpoint
 * that it is paused.
 *
 * <p>While it is paused, the thread wakes for {@link io.bunnydb.internal.engine.PauseGuard}, and
 * what is read of the slot goes to its {@link io.bunnydb.internal.engine.PausedSlot}. Where another
 * process runs the mirror, all it does is {@link io.bunnydb.internal.engine.Standby}, until that
 * one is gone.
 *
 * <p><b>An added table</b> is {@code COPYING} in the checkpoint. A session puts it into the
 * publication, takes a snapshot at position X, copies it, and commits {@code COPIED} and X with the
 * last of it; meanwhile the other tables' changes flow, but nothing is acknowledged. {@link
 * io.bunnydb.internal.engine.CatchUp} brings it up to them by a stream of its own. The session
 * after that has {@link io.bunnydb.internal.engine.Joining} join it: the stream begins at X again,
 * where the table stands by now, the others pass over what they have, {@code LIVE} all of them. The
 * first copy of a new mirror is the same with no others.
 *
 * <p>Where tables are added while a session follows the stream, that session takes them up: {@link
 * io.bunnydb.internal.engine.MirrorThread} has the list noted between two transactions ({@link
 * io.bunnydb.internal.engine.Interludes}), {@link io.bunnydb.internal.engine.Newcomers} has another
 * thread do the rest ({@link io.bunnydb.internal.engine.BesideWork}), and adds them to the {@link
 * io.bunnydb.internal.engine.Course} when both streams have come to one position ({@link
 * io.bunnydb.internal.engine.Meeting}).
 *
 * <p><b>A resync by swap</b> adds the table's shadow, a table beside it, in the same way ({@link
 * io.bunnydb.internal.engine.Shadows}). When that is joined and has passed what the table has, as
 * {@link io.bunnydb.internal.engine.SwapRules} tells, a session has {@link
 * io.bunnydb.internal.engine.Swap} give the table the shadow's rows beside the stream, and the next
 * one joins the table.
 *
 * <p><b>A table that is set aside</b> takes part in no session: {@link
 * io.bunnydb.internal.engine.SettingAside} notes in the checkpoint where it stands, and from there
 * on the {@code Receiver} has the source keep its log. Taken back it joins at that position, as a
 * table does that was copied there. {@link io.bunnydb.internal.engine.Quarantine} does the same to
 * one that an error stops, and keeps no log for it; another copy brings it back.
 */
@NullMarked
package io.bunnydb.internal.engine;

import org.jspecify.annotations.NullMarked;
