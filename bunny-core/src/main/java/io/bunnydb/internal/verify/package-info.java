/**
 * Compares the two sides of a mirror while it runs, and repairs rows that differ.
 *
 * <p>{@link io.bunnydb.internal.verify.RowSearch} finds rows that were not equal when both sides
 * were read one after the other, by checksums of ranges first. Most of them are in motion: {@link
 * io.bunnydb.internal.verify.Settlement} tells those from rows that differ for certain, without
 * holding anything up. {@link io.bunnydb.internal.verify.Repair} gives these the source's values. A
 * table whose rows cannot be told apart is compared as a whole, by {@link
 * io.bunnydb.internal.verify.WholeComparison}. {@link io.bunnydb.internal.verify.RowsSql} has the
 * queries.
 */
@NullMarked
package io.bunnydb.internal.verify;

import org.jspecify.annotations.NullMarked;
