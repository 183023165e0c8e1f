/**
 * Checkpoints in two PostgreSQL tables, in the destination or elsewhere.
 *
 * <p>All mirrors of a database share the schema {@code bunny}. Three kinds of calls meet there, of
 * mirrors that know nothing of each other: one that makes the tables, one that drops them behind
 * the last mirror, and the frequent {@code advance}. Two advisory locks, both held until the
 * transaction ends, keep them apart; the first is taken before the second, so that nobody waits in
 * a circle:
 *
 * <ul>
 *   <li><b>use</b>: shared by whoever needs the tables to stay ({@code load}, {@code save}), alone
 *       by {@code delete}. Behind it {@code delete} sees every mirror that was ever saved, and what
 *       it drops nobody is about to write to;
 *   <li><b>create</b>: alone by the {@code save} that finds no tables, because {@code CREATE SCHEMA
 *       IF NOT EXISTS} fails when two sessions run it at once.
 * </ul>
 *
 * <p>{@code advance} and {@code saveTable} take neither: they change rows that exist, and tables
 * with rows are not dropped. They wait for no other mirror.
 *
 * <p>Sessions may run with an empty {@code search_path} and with {@code session_replication_role =
 * replica}, which turns foreign keys off: every name is schema-qualified, and the rows of a
 * mirror's tables are deleted by themselves, not by {@code ON DELETE CASCADE}.
 */
@NullMarked
package io.bunnydb.jdbc;

import org.jspecify.annotations.NullMarked;
