package io.bunnydb.examples.control;

import io.bunnydb.SchemaChange;
import io.bunnydb.SchemaChange.Outcome;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of the differences between the source's tables and their destinations.
 *
 * @param message that it was done
 * @param changes what was changed on the destination
 * @param remaining what was not, with the reasons
 */
record SchemaView(String message, List<ChangeView> changes, List<ChangeView> remaining) {

  /**
   * One of them.
   *
   * @param table the destination table
   * @param sql what changes it
   * @param outcome what became of it
   * @param reason why it was not made, and what to do, or what is to be known of it; left out where
   *     there is nothing to say
   */
  record ChangeView(String table, String sql, String outcome, @Nullable String reason) {
    static ChangeView of(SchemaChange change) {
      return new ChangeView(
          change.table().toString(), change.sql(), change.outcome().name(), change.reason());
    }
  }

  /** The answer about a mirror. */
  static SchemaView of(String mirror, List<SchemaChange> changes) {
    return new SchemaView(
        "Schema synced successfully for mirror '" + mirror + "'",
        views(changes, true),
        views(changes, false));
  }

  private static List<ChangeView> views(List<SchemaChange> changes, boolean areApplied) {
    return changes.stream()
        .filter(change -> (change.outcome() == Outcome.APPLIED) == areApplied)
        .map(ChangeView::of)
        .toList();
  }
}
