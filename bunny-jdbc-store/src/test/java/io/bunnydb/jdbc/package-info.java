/** Tests of the store, each against a real server. */
@NullMarked
package io.bunnydb.jdbc;

import org.jspecify.annotations.NullMarked;
