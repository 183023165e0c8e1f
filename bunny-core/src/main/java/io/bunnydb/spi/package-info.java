/** Where a mirror keeps its position: what a store has to do, and what it is given to keep. */
@NullMarked
package io.bunnydb.spi;

import org.jspecify.annotations.NullMarked;
