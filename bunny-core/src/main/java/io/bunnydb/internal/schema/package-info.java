/**
 * Makes destination tables after the source's, with keys and indexes when their rows are there, and
 * judges whether one that exists will do.
 */
@NullMarked
package io.bunnydb.internal.schema;

import org.jspecify.annotations.NullMarked;
