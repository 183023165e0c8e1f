/** What tables, columns and keys exist on either side, how to connect to it, and quoting. */
@NullMarked
package io.bunnydb.internal.catalog;

import org.jspecify.annotations.NullMarked;
