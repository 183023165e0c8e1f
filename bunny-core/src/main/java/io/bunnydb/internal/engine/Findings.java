package io.bunnydb.internal.engine;

import io.bunnydb.Finding;
import io.bunnydb.PreflightException;
import io.bunnydb.Severity;
import io.bunnydb.TableName;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Collects what the checks of a mirror find, in their order: a plan shows all of it, a start is
 * refused for the errors. Used by one thread.
 */
final class Findings {
  private final List<Finding> found = new ArrayList<>();
  private int errorCount;

  /** Adds something that stands against the mirror. */
  void error(@Nullable TableName table, String what, String cure) {
    add(new Finding(Severity.ERROR, table, what, cure));
  }

  /** Adds something that can go wrong later, or is slow. */
  void warning(@Nullable TableName table, String what, String cure) {
    add(new Finding(Severity.WARNING, table, what, cure));
  }

  /**
   * Adds something that is good to know.
   *
   * @param cure empty where there is nothing to do
   */
  void note(@Nullable TableName table, String what, String cure) {
    add(new Finding(Severity.NOTE, table, what, cure));
  }

  /** Adds what others found. */
  void addAll(List<Finding> others) {
    others.forEach(this::add);
  }

  private void add(Finding finding) {
    found.add(finding);
    if (finding.severity() == Severity.ERROR) {
      errorCount++;
    }
  }

  /** How many errors there are by now. */
  int errorCount() {
    return errorCount;
  }

  /** Whether something stands against the mirror. */
  boolean hasErrors() {
    return errorCount > 0;
  }

  /** What was found so far. */
  List<Finding> all() {
    return List.copyOf(found);
  }

  /**
   * Refuses the mirror if there are errors.
   *
   * @throws PreflightException with each of them
   */
  void refuse(String mirror) {
    if (hasErrors()) {
      throw new PreflightException(mirror, of(Severity.ERROR));
    }
  }

  /** Those of one severity, as sentences with their cures. */
  List<String> of(Severity severity) {
    return found.stream()
        .filter(finding -> finding.severity() == severity)
        .map(Finding::toString)
        .toList();
  }
}
