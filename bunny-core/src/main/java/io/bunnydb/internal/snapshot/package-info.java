/**
 * Copies whole tables under an exported snapshot.
 *
 * <p>Each table is copied by one {@code COPY ... TO STDOUT} on the source whose bytes go as they
 * are into one {@code COPY ... FROM STDIN} on the destination, in one destination transaction
 * together with the table's checkpoint: the position of the snapshot, from which on the stream's
 * changes count for the table.
 */
@NullMarked
package io.bunnydb.internal.snapshot;

import org.jspecify.annotations.NullMarked;
