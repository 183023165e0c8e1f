package io.bunnydb;

import java.time.Duration;

/**
 * What one destination transaction has applied: one or more whole source transactions.
 *
 * <p>Immutable.
 *
 * @param transactions how many source transactions
 * @param rows rows inserted, updated, deleted or not found; what was changed several times may
 *     count once
 * @param bytes size of the changes as they were received
 * @param duration how long it took to write and commit them, without the time in which they came
 * @param position everything that was committed on the source before this is applied now
 */
public record BatchReport(
    int transactions, long rows, long bytes, Duration duration, Lsn position) {}
