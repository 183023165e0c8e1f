/**
 * The source's side of a mirror: its publication, slot and exported snapshots, and the stream of
 * changes ("Logical Decoding" and "Streaming Replication Protocol" in the PostgreSQL
 * documentation).
 */
@NullMarked
package io.bunnydb.internal.source;

import org.jspecify.annotations.NullMarked;
