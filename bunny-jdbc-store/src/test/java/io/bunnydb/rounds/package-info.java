/**
 * Rounds of chance: each makes a random schema, writes to it in random transactions, does at random
 * to the mirror what operators and accidents do, and compares both sides at the end.
 */
@NullMarked
package io.bunnydb.rounds;

import org.jspecify.annotations.NullMarked;
