/**
 * Programs that show a mirror at work; {@link io.bunnydb.examples.Quickstart} is the first to run.
 */
@NullMarked
package io.bunnydb.examples;

import org.jspecify.annotations.NullMarked;
