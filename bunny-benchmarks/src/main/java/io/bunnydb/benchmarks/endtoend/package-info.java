/**
 * How fast whole mirrors are, beside PostgreSQL's own subscription in the same run.
 *
 * <p>{@link io.bunnydb.benchmarks.endtoend.EndToEnd} is the program. A {@code Measurement} asks one
 * question once: it fills both databases anew ({@code Databases}), lets a {@code Contender} do the
 * work, compares both sides ({@code Comparison}) and returns a {@code Result}. {@code Summary}
 * condenses the results; the classes behind it write them down.
 */
@NullMarked
package io.bunnydb.benchmarks.endtoend;

import org.jspecify.annotations.NullMarked;
