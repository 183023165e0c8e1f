/**
 * Scenarios: what PostgreSQL can hold and do, written down as an operator would, and run against
 * real servers.
 *
 * <p>They stand in {@code src/test/resources/scenarios}, a file for each category. {@link
 * io.bunnydb.scenarios.ScenarioReader} tells how they are written, {@link
 * io.bunnydb.scenarios.ScenarioRun} what each step does, {@link io.bunnydb.scenarios.ScenarioSuite}
 * runs them between two versions, and {@link io.bunnydb.scenarios.CompatibilityPage} makes {@code
 * docs/compatibility.md} of what came out.
 */
@NullMarked
package io.bunnydb.scenarios;

import org.jspecify.annotations.NullMarked;
