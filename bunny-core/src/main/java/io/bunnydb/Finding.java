package io.bunnydb;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Something that the checks of a mirror found.
 *
 * <p>Immutable.
 *
 * @param severity whether it stands against the mirror
 * @param table the source table concerned; null where it is none
 * @param what what was found
 * @param cure what to do about it; empty for notes alone. SQL for an administrator stands at its
 *     end as it is to be run: names quoted, statements divided by a semicolon and a blank
 */
public record Finding(Severity severity, @Nullable TableName table, String what, String cure) {

  /**
   * Refuses what tells nothing.
   *
   * @throws IllegalArgumentException if what was found is blank, or the cure is and it is no note
   */
  public Finding {
    Objects.requireNonNull(severity, "severity");
    if (what.isBlank()) {
      throw new IllegalArgumentException("a finding says what was found");
    }
    if (cure.isBlank() && severity != Severity.NOTE) {
      throw new IllegalArgumentException("a finding without a cure is a note: " + what);
    }
  }

  /** What was found and what to do: {@code what; cure}. */
  @Override
  public String toString() {
    return cure.isEmpty() ? what : what + "; " + cure;
  }
}
