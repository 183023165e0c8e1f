/**
 * From a batch of source transactions to one destination transaction that holds them and the
 * checkpoint.
 *
 * <p>The receiving thread copies the messages of whole transactions, as they are, into a {@link
 * io.bunnydb.internal.apply.Batch}; the {@link io.bunnydb.internal.apply.BatchExchange} hands it to
 * the applying thread, where the {@link io.bunnydb.internal.apply.Applier} reads it again, message
 * by message in commit order, and turns runs of equal changes into one {@code COPY} or one batch of
 * a prepared statement. The runs keep the order of the changes.
 */
@NullMarked
package io.bunnydb.internal.apply;

import org.jspecify.annotations.NullMarked;
