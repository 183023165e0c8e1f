package io.bunnydb;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A difference between a table of the source and its destination, and the SQL that would remove it.
 *
 * <p>Immutable.
 *
 * @param table the destination table
 * @param sql what is to be run on the destination, names quoted, statements divided by a semicolon
 *     and a blank
 * @param outcome what became of it, or can
 * @param reason why it waits or is left to a person, and what to do then, or what is to be known of
 *     a change that can be made; null where there is nothing to say
 */
public record SchemaChange(TableName table, String sql, Outcome outcome, @Nullable String reason) {

  /** What became of a change, or can. */
  public enum Outcome {
    /** It was made, and is committed. */
    APPLIED,
    /** It can be made now: it suits the rows that are still on the way and those after them. */
    DUE,
    /** It can be made when the rows on the way have arrived, which may not suit it yet. */
    WAITS,
    /**
     * Bunny cannot prove it harmless or wanted, as with every index, constraint and identity, or
     * the destination refused it; the reason says what to do.
     */
    BY_HAND
  }

  /**
   * Refuses what tells nothing.
   *
   * @throws IllegalArgumentException if there is no SQL, or no reason where one is owed
   */
  public SchemaChange {
    Objects.requireNonNull(table, "table");
    if (sql.isBlank()) {
      throw new IllegalArgumentException("a change of " + table + " without SQL");
    }
    boolean owesReason = outcome == Outcome.WAITS || outcome == Outcome.BY_HAND;
    if (owesReason && (reason == null || reason.isBlank())) {
      throw new IllegalArgumentException(outcome + " without a reason: " + sql);
    }
  }

  /** The same change with another outcome. */
  public SchemaChange with(Outcome newOutcome, @Nullable String newReason) {
    return new SchemaChange(table, sql, newOutcome, newReason);
  }

  /** One line: outcome, SQL and reason. */
  @Override
  public String toString() {
    return outcome + " " + sql + (reason == null ? "" : " -- " + reason);
  }
}
