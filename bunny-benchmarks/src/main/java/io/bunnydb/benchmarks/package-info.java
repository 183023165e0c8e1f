/** Benchmarks, one class per question: question and command stand in the class's Javadoc. */
@NullMarked
package io.bunnydb.benchmarks;

import org.jspecify.annotations.NullMarked;
