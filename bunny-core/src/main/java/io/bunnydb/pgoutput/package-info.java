/**
 * Bytes to views: the decoder for the messages that PostgreSQL's output plugin {@code pgoutput}
 * sends, protocol versions 1 to 4, usable on its own.
 *
 * <p>{@link io.bunnydb.pgoutput.PgOutputDecoder#wrap} takes one message, which is the payload of
 * one XLogData of the replication connection or one row of {@code
 * pg_logical_slot_get_binary_changes}. It reads the message once from front to back, through {@code
 * MessageReader}, and answers with its {@link io.bunnydb.pgoutput.MessageKind}. What does not fit
 * is refused with a {@link io.bunnydb.pgoutput.PgOutputException} that tells the offset: an unknown
 * byte, a flag without a meaning, a count or length that the bytes do not bear out, bytes left
 * over, a message that the protocol version does not have. Nothing is skipped, nothing is guessed.
 *
 * <p>There is one object per kind of message, made with the decoder and filled again by each {@code
 * wrap}: a flyweight. It holds the fixed fields as numbers and the variable ones as places in the
 * wrapped array, so that a message costs no allocation; what makes a {@code String} says "in a new
 * string". Rows are walked by a {@link io.bunnydb.pgoutput.Tuple}, a cursor that goes forward and
 * can be rewound.
 *
 * <p>A transaction comes whole between Begin and Commit (or Begin Prepare and Prepare), after its
 * end. With the option {@code streaming}, a large one comes in pieces while it still runs, each
 * between Stream Start and Stream Stop; Stream Commit, Stream Prepare or Stream Abort ends it.
 * Within a piece the messages carry one more field, the transaction id, and nothing in the message
 * says so: that is the one thing that the decoder remembers from message to message. The meaning of
 * ids, types and names is the caller's; this package knows no SQL, no catalog and no logger.
 *
 * <p>OIDs and transaction ids are unsigned 32 bits and given as {@code long}; LSNs are unsigned 64
 * bits and given as {@code long}; times count microseconds from 2000-01-01 UTC, as sent, or from
 * 1970-01-01 UTC. The facts come from "Logical Streaming Replication Protocol" and "Logical
 * Replication Message Formats" of the PostgreSQL documentation.
 */
@NullMarked
package io.bunnydb.pgoutput;

import org.jspecify.annotations.NullMarked;
