package io.bunnydb.internal.snapshot;

import java.util.ArrayList;
import java.util.List;

/**
 * Which transactions a snapshot of the source shows, so that rows which it has shown can be told
 * from newer ones under a later snapshot.
 *
 * <p>A slot's snapshot lists everything below its limit that had not committed, subtransactions and
 * what was rolled back too ({@code SnapBuildInitialSnapshot} in the server's snapbuild.c). A
 * snapshot that was taken by SQL would lack the subtransactions.
 *
 * @param text the text form of {@code pg_snapshot}: {@code xmin:xmax:hidden,hidden}, with the
 *     epochs in all numbers ("pg_snapshot Components" in the PostgreSQL documentation)
 * @param limit the first transaction ID that is too late to be shown
 * @param hidden those before it that are not shown
 */
record Visibility(String text, long limit, List<Long> hidden) {
  /** How far an older snapshot may lie back: half of what 32 bits can tell from the future. */
  private static final long MOST_TRANSACTIONS = 1L << 30;

  private static final long CYCLE = 1L << 32;

  Visibility {
    hidden = List.copyOf(hidden);
  }

  /**
   * Reads the text form.
   *
   * @throws IllegalArgumentException if it is none
   */
  static Visibility parse(String text) {
    String[] parts = text.split(":", -1);
    if (parts.length != 3) {
      throw new IllegalArgumentException("no snapshot: " + text);
    }
    List<Long> hidden = new ArrayList<>();
    for (String id : parts[2].isEmpty() ? new String[0] : parts[2].split(",", -1)) {
      hidden.add(Long.parseLong(id));
    }
    return new Visibility(text, Long.parseLong(parts[1]), hidden);
  }

  /** Whether rows of this snapshot can be told from newer ones under a later one. */
  boolean reachesTo(Visibility later) {
    return limit <= later.limit && later.limit - limit <= MOST_TRANSACTIONS;
  }

  /**
   * The condition that a row which a later snapshot shows was shown by this one, too. The column
   * {@code xmin} keeps the transaction's number when the row is frozen, 1 and 2 aside, which stand
   * for the dawn of time. So a row of ages ago can be taken for a new one, but no new one for one
   * that was shown.
   */
  String conditionSql() {
    String xmin = "xmin::text::bigint";
    StringBuilder sql = new StringBuilder("(");
    sql.append(xmin).append(" < 3 OR (");
    sql.append("(").append(xmin).append(" - ").append(limit % CYCLE).append(" + ").append(CYCLE);
    sql.append(") % ").append(CYCLE).append(" >= ").append(CYCLE / 2);
    String divider = " AND " + xmin + " NOT IN (";
    for (long id : hidden) {
      sql.append(divider).append(id % CYCLE);
      divider = ", ";
    }
    return sql.append(hidden.isEmpty() ? "" : ")").append("))").toString();
  }

  @Override
  public String toString() {
    return text;
  }
}
