/**
 * Copies whole tables under an exported snapshot.
 *
 * <p>The bytes of a {@code COPY ... TO STDOUT} on the source go as they are into a {@code COPY ...
 * FROM STDIN} on the destination. Several workers share the snapshot, each with a session on either
 * side, and take steps of the tables' copies from one queue.
 *
 * <p>A small table is one step: its rows and its checkpoint, which holds the position of the
 * snapshot, from which on the stream's changes count for the table, are one destination
 * transaction. A large one is divided into ranges of its pages. The first step empties the table
 * and commits; each range is a transaction of its own; when all are in, the last transaction notes
 * the checkpoint. Until then the table counts as not copied. On a table that Bunny made the indexes
 * are built between the ranges and that last transaction, each in a transaction of its own too, and
 * the last one makes keys and constraints of them.
 *
 * <p>What has come of a large table with a primary key is noted with each range: the ranges, the
 * snapshot under which they came, and how many rows the destination holds. A copy that was broken
 * off goes on from there, under another snapshot. A version of a row lies where it lies for as long
 * as it lives and its table has the same file, and names the transaction that made it; so the
 * source can tell, of what the new snapshot shows, which rows the old one has shown, too: these are
 * there, unchanged. If they are fewer than the destination holds, the others are gone or were
 * changed, and go: all whose keys are not among theirs. Then each range brings what the destination
 * lacks of it, and is from then on one of the new snapshot. In the end the table is what the new
 * snapshot shows, as if it had been copied under that one alone. Wherever something does not fit,
 * the table is emptied, and all of it comes anew.
 */
@NullMarked
package io.bunnydb.internal.snapshot;

import org.jspecify.annotations.NullMarked;
