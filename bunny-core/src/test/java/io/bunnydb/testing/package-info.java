/**
 * Fixtures for integration tests of mirrors against real PostgreSQL servers.
 *
 * <p>{@link io.bunnydb.testing.MirrorDatabases} is where to begin: a JUnit extension that gives
 * each test a database on either side, new or as new, and, after the test, compares both sides row
 * for row and looks for threads, connections, slots, publications and log events that should not be
 * there. {@link io.bunnydb.testing.PostgresServer} is a server of one's own that may be stopped and
 * crashed, {@link io.bunnydb.testing.Workload} writes in the background, {@link
 * io.bunnydb.testing.Await} waits for a condition with a deadline.
 *
 * <p>The servers come from the {@code io.zonky.test.postgres} binaries; nothing is installed and no
 * container runs. System properties:
 *
 * <table>
 *   <caption>System properties</caption>
 *   <tr><th>property</th><th>meaning</th><th>default</th></tr>
 *   <tr><td>{@code bunny.test.source}</td><td>major version of the source</td>
 *       <td>the binaries on the class path</td></tr>
 *   <tr><td>{@code bunny.test.destination}</td><td>major version of the destination</td>
 *       <td>the binaries on the class path</td></tr>
 *   <tr><td>{@code bunny.test.postgresBinaries}</td>
 *       <td>folder with a subfolder of binaries jars for each major version, such as {@code 14/}</td>
 *       <td>none</td></tr>
 *   <tr><td>{@code bunny.test.seed}</td><td>seed of each {@code Workload}</td><td>random</td></tr>
 * </table>
 */
@NullMarked
package io.bunnydb.testing;

import org.jspecify.annotations.NullMarked;
