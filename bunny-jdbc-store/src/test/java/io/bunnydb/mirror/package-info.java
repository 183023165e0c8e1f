/** Whole mirrors between real databases, with the checkpoint in the destination. */
@NullMarked
package io.bunnydb.mirror;

import org.jspecify.annotations.NullMarked;
