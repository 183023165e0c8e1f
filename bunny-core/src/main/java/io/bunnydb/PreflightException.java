package io.bunnydb;

import java.util.List;

/** The mirror was refused before anything was created; every problem found is listed. */
public final class PreflightException extends MirrorException {
  private static final long serialVersionUID = 1L;

  private final transient List<String> problems;

  /**
   * A refusal.
   *
   * @param mirror the mirror's name
   * @param problems what is wrong and what to do, a sentence or two each; at least one
   */
  public PreflightException(String mirror, List<String> problems) {
    super(mirror, "refused, nothing was created: " + String.join("; ", problems), null);
    this.problems = List.copyOf(problems);
  }

  /** The problems, each with its cure. */
  public List<String> problems() {
    return problems;
  }
}
