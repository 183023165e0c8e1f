package io.bunnydb.testing;

/**
 * An emptied database that waits for the next test.
 *
 * @param name its name, which no test has had
 * @param whenNew the state of when it was made
 */
record SpareDatabase(String name, DatabaseState whenNew) {}
