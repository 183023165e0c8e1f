package io.bunnydb;

/**
 * A sequence of the destination that was brought forward to where the source's is.
 *
 * <p>Immutable.
 *
 * @param table the destination table that takes values from it
 * @param column the column, by its plain name
 * @param sequence the sequence on the destination
 * @param value its last value from now on; the next one is a step further
 */
public record SequenceSync(TableName table, String column, TableName sequence, long value) {}
