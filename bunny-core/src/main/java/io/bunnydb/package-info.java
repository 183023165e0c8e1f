/**
 * Mirrors of PostgreSQL tables, run from inside a Java application: {@link
 * io.bunnydb.Mirror#builder} makes one, {@link io.bunnydb.MirrorHandle} operates it, the rest are
 * the values that go in and out.
 */
@NullMarked
package io.bunnydb;

import org.jspecify.annotations.NullMarked;
