package io.bunnydb.internal.snapshot;

import io.bunnydb.internal.schema.TableIndex;
import java.sql.Connection;
import java.sql.SQLException;
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

  /**
   * Commits what a copy of several transactions begins with, and the note of it: what is rolled
   * back later must not bring the old rows back beside the new ones.
   */
  void begin(TableCopy copy, TableCopier.Setting setting, Connection destination)
      throws SQLException {
    if (basis == null) {
      if (copy.checkpoint().copyProgress() != null) {
        setting
            .store()
            .saveTable(setting.mirror(), copy.checkpoint().withCopyProgress(null), destination);
      }
      destination.commit();
      return;
    }
    KeptRows begun = kept == null ? KeptRows.none(basis) : kept;
    KeptRows before = kept == null || noted == null ? begun : noted;
    CopyNote note = new CopyNote(setting.mirror(), setting.store(), copy.checkpoint(), before);
    note.commit(destination, rows -> begun);
    copy.notedIn(note);
    if (begun.rows() > 0) {
      copy.keeps(begun);
    }
  }
}
