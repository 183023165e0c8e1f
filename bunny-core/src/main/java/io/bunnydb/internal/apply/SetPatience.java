package io.bunnydb.internal.apply;

/**
 * Decides which large batches are written in order although they could be tried by sets: after a
 * refusal the next one, after another refusal in a row the next three, then seven, at most 64. So a
 * destination that always refuses costs little more than the order does.
 *
 * <p>Not thread-safe.
 */
final class SetPatience {
  private static final int MOST_BATCHES = 64;

  private int left;
  private int spell;

  /** Whether the next batch is to go in order; counts it, if so. */
  boolean isToGoInOrder() {
    if (left == 0) {
      return false;
    }
    left--;
    return true;
  }

  /** A batch was written by sets. */
  void succeeded() {
    spell = 0;
  }

  /** The sets of a batch were refused. */
  void failed() {
    spell = Math.min(MOST_BATCHES, 2 * spell + 1);
    left = spell;
  }
}
