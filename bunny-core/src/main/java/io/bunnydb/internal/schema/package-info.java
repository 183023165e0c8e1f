/**
 * Makes destination tables after the source's, with keys and indexes when their rows are there,
 * judges whether one that exists will do, and tells what follows from changes of the source's.
 */
@NullMarked
package io.bunnydb.internal.schema;

import org.jspecify.annotations.NullMarked;
