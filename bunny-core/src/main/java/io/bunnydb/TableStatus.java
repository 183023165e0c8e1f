package io.bunnydb;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How one table of a mirror stands. The counts are of this handle, from its start on.
 *
 * <p>Immutable.
 *
 * @param source the table on the source
 * @param destination the table on the destination
 * @param state how far the table has come
 * @param rowsToCopy the source's estimate of the rows the copy has to bring; 0 where unknown
 * @param rowsCopied rows that the copy has brought so far
 * @param bytesToCopy an estimate of the bytes the copy has to bring, made of the rows that have
 *     come, and before these of the room that the table takes on the source's disk; 0 where unknown
 * @param bytesCopied bytes that the copy has brought so far
 * @param remainingCopyTime how long the rows that are left will take at the pace so far, without
 *     the indexes that follow; null where the table is not being copied, or none has come yet
 * @param rowsInserted rows inserted by committed changes
 * @param rowsUpdated rows updated by committed changes
 * @param rowsDeleted rows deleted by committed changes
 * @param rowsMissing updates and deletes whose row was not on the destination
 * @param failure why the table is QUARANTINED; null otherwise
 * @param standsAt the position up to which a PAUSED or QUARANTINED table has every change; null in
 *     the other states, and where it waits for its copy
 */
public record TableStatus(
    TableName source,
    TableName destination,
    TableState state,
    long rowsToCopy,
    long rowsCopied,
    long bytesToCopy,
    long bytesCopied,
    @Nullable Duration remainingCopyTime,
    long rowsInserted,
    long rowsUpdated,
    long rowsDeleted,
    long rowsMissing,
    @Nullable MirrorFailure failure,
    @Nullable Lsn standsAt) {}
