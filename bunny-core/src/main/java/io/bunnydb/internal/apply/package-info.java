/**
 * From a batch of source transactions to one destination transaction that holds them and the
 * checkpoint.
 *
 * <p>The receiving thread copies the messages of transactions, or of pieces of large ones, into a
 * {@link io.bunnydb.internal.apply.Batch}; the {@link io.bunnydb.internal.apply.BatchExchange}
 * hands it to the applying thread, where the {@link io.bunnydb.internal.apply.Applier} has it
 * written: whole transactions by the {@code SessionWriter} of the owning session, those in progress
 * on the source by one each, which {@code InProgress} keeps. Its {@code MessageWriter} reads the
 * batch again, message by message in the order of the stream. {@code Relations} finds the
 * destination table of each change, {@code BatchWriter} writes it: a table's {@code SetWriter}
 * gathers the net effect of a large batch, one {@code DELETE}, a few {@code UPDATE}s and one {@code
 * COPY}; {@code ChangeWriter} keeps the order, and turns neighbours of one kind into a run. Where
 * the net effect is refused, the batch is written again in order.
 */
@NullMarked
package io.bunnydb.internal.apply;

import org.jspecify.annotations.NullMarked;
