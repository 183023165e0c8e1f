package io.bunnydb;

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
 * @param rowsInserted rows inserted by committed changes
 * @param rowsUpdated rows updated by committed changes
 * @param rowsDeleted rows deleted by committed changes
 * @param rowsMissing updates and deletes whose row was not on the destination
 */
public record TableStatus(
    TableName source,
    TableName destination,
    TableState state,
    long rowsToCopy,
    long rowsCopied,
    long rowsInserted,
    long rowsUpdated,
    long rowsDeleted,
    long rowsMissing) {}
