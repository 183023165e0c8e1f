package io.bunnydb.internal.verify;

import io.bunnydb.Lsn;
import io.bunnydb.RowDifference.Kind;
import io.bunnydb.VerifyOptions;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.verify.Settlement.Proven;
import io.bunnydb.internal.verify.Settlement.Verdicts;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The comparison of one table, and its repair where that is wanted. Holds in memory the keys of a
 * range and those of a thousand rows that are not settled. Used by one thread.
 */
public final class TableComparison {
  private static final int MOST_CANDIDATES = 1000;
  private static final int ATTEMPTS = 3;

  private final ComparedTable table;
  private final VerifyOptions options;
  private final Tally tally;
  private final Standing standing;
  private final Pace pace;
  private final Side source;
  private final Side destination;
  private final Settlement settlement;
  private final Set<Key> candidates = new LinkedHashSet<>();
  private @Nullable Repair repair;

  /**
   * A comparison.
   *
   * @param source in autocommit mode
   * @param destination in autocommit mode
   * @param tally takes what is found
   */
  public TableComparison(
      ComparedTable table,
      Connection source,
      Connection destination,
      VerifyOptions options,
      Tally tally,
      Standing standing,
      Pace pace) {
    this.table = table;
    this.options = options;
    this.tally = tally;
    this.standing = standing;
    this.pace = pace;
    this.source = new Side(source, table.sourceSql());
    this.destination = new Side(destination, table.targetSql());
    this.settlement =
        new Settlement(
            this.source, this.destination, standing, table.mapping(), pace, options.patience());
  }

  /**
   * Has rows repaired that differ.
   *
   * @param writer a connection to the destination that is prepared to write mirrored rows, not in
   *     autocommit mode
   * @param mirror the mirror's name
   * @param ownerPid process id of the destination session that owns it
   * @param areTriggersSilent whether triggers and foreign keys rest in the writing session
   */
  public void repairBy(Connection writer, String mirror, int ownerPid, boolean areTriggersSilent) {
    repair =
        new Repair(
            table,
            source,
            new Side(writer, table.targetSql()),
            settlement,
            standing,
            pace,
            new Repair.Owner(mirror, ownerPid, areTriggersSilent));
  }

  /** Compares. */
  public void run() throws SQLException, InterruptedException {
    Lsn end = Catalog.logEnd(source.connection());
    tally.begins(end);
    if (!table.hasKey()) {
      new WholeComparison(source, destination, settlement, standing, table, pace)
          .run(tally, options.patience());
      if (repair != null) {
        tally.remark(WholeComparison.NO_KEY + "; resync it where it differs");
      }
      refuseOther();
      return;
    }
    RowSearch search = new RowSearch(source, destination, options.rowsPerRange(), tally, pace);
    if (table.isOfOneOrder()) {
      search.byRanges(this::add);
    } else {
      search.byKeys(this::add);
    }
    settle();
    refuseOther();
  }

  /** Ranges that were equal may have been of tables that came in the place of these. */
  private void refuseOther() throws SQLException {
    source.refuseOther();
    destination.refuseOther();
  }

  private void add(Key candidate) throws SQLException, InterruptedException {
    candidates.add(candidate);
    if (candidates.size() >= MOST_CANDIDATES) {
      settle();
    }
  }

  private void settle() throws SQLException, InterruptedException {
    List<Key> open = List.copyOf(candidates);
    candidates.clear();
    for (int attempt = 1; !open.isEmpty(); attempt++) {
      Verdicts verdicts = settlement.settle(open);
      verdicts
          .unsettled()
          .forEach(key -> tally.row(Kind.UNSETTLED, key, table.sourceKey().columns()));
      Set<Key> done =
          repair == null
              ? Set.of()
              : repair.run(verdicts.proven().stream().filter(this::isRepairable).toList());
      tally.repaired(done.size());
      // What has moved meanwhile may have come to agree.
      boolean isLast = repair == null || repair.hindrance() != null || attempt == ATTEMPTS;
      open = new ArrayList<>();
      for (Proven row : verdicts.proven()) {
        if (isLast || done.contains(row.key()) || !isRepairable(row)) {
          tally.row(row.kind(), row.key(), table.sourceKey().columns());
        } else {
          open.add(row.key());
        }
      }
      if (repair != null && repair.hindrance() != null) {
        tally.remark(repair.hindrance());
      }
    }
    pace.restart();
  }

  private boolean isRepairable(Proven row) {
    return options.deletesAdditional() || row.kind() != Kind.ADDITIONAL;
  }
}
