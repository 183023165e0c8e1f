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
 * and commits, as rows may be there of a copy that was broken off; each range is a transaction of
 * its own; when all are in, the last transaction notes the checkpoint. Until then the table counts
 * as not copied. On a table that Bunny made the indexes are built between the ranges and that last
 * transaction, each in a transaction of its own too, and the last one makes keys and constraints of
 * them.
 */
@NullMarked
package io.bunnydb.internal.snapshot;

import org.jspecify.annotations.NullMarked;
