package io.bunnydb.internal.snapshot;

import io.bunnydb.internal.schema.TableIndex;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What there is to do of a table's copy.
 *
 * @param ranges what the table is divided into
 * @param indexes what is to be built then
 * @param basis what rows that are kept must have in common; null where none can be, or need be
 * @param noted what a copy that was broken off has brought, which may be of use
 * @param kept what is left of that; null where all is to be copied, into an empty table
 */
record CopyPlan(
    List<PageRange> ranges,
    List<TableIndex> indexes,
    @Nullable String basis,
    @Nullable KeptRows noted,
    @Nullable KeptRows kept) {

  /** Whether rows, indexes and state come in one transaction. */
  boolean isOneStep() {
    return kept == null && ranges.size() == 1;
  }

  /** The same when the rows that were to stay cannot. */
  CopyPlan withoutKept() {
    return new CopyPlan(ranges, indexes, basis, null, null);
  }
}
