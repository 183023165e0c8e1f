package io.bunnydb;

import java.util.List;
import java.util.Locale;

/**
 * What {@code start()} of a mirror would find and do, as far as both sides told when they were
 * asked.
 *
 * <p>Immutable.
 *
 * @param mirror the mirror's name
 * @param isNew whether the checkpoint store does not know the mirror yet
 * @param findings what was found, in the order in which it was looked for
 * @param sourceStatements SQL that would make what is missing on the source, in its order; whole
 *     only where the plan is possible
 * @param destinationStatements the same on the destination: what comes before the rows, then the
 *     keys and indexes that follow them. An index gets another name than here if that is taken by
 *     then
 * @param rowsToCopy rows that would be copied, by the source's statistics and without regard to row
 *     filters
 * @param bytesToCopy the size on the source's disk of the tables that would be copied, without
 *     indexes
 */
public record MirrorPlan(
    String mirror,
    boolean isNew,
    List<Finding> findings,
    List<String> sourceStatements,
    List<String> destinationStatements,
    long rowsToCopy,
    long bytesToCopy) {

  private static final List<String> UNITS = List.of("bytes", "kB", "MB", "GB", "TB", "PB", "EB");

  /** Copies the lists. */
  public MirrorPlan {
    findings = List.copyOf(findings);
    sourceStatements = List.copyOf(sourceStatements);
    destinationStatements = List.copyOf(destinationStatements);
  }

  /** What stands against the mirror; {@code start()} of a new one is refused for just these. */
  public List<Finding> errors() {
    return of(Severity.ERROR);
  }

  /** What can go wrong later, or is slow. */
  public List<Finding> warnings() {
    return of(Severity.WARNING);
  }

  /** What is good to know. */
  public List<Finding> notes() {
    return of(Severity.NOTE);
  }

  /** Whether nothing stands against the mirror. */
  public boolean isPossible() {
    return errors().isEmpty();
  }

  private List<Finding> of(Severity severity) {
    return findings.stream().filter(finding -> finding.severity() == severity).toList();
  }

  /** The whole plan for a reader, in several lines: errors, warnings, notes, size, SQL. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("mirror '").append(mirror).append('\'');
    text.append(isNew ? ", new: " : ", known: ");
    text.append(isPossible() ? "possible" : "not possible").append('\n');
    for (Severity severity : Severity.values()) {
      for (Finding finding : of(severity)) {
        text.append(String.format(Locale.ROOT, "  %-8s", severity)).append(finding.what());
        text.append('\n');
        if (!finding.cure().isEmpty()) {
          text.append("          -> ").append(finding.cure()).append('\n');
        }
      }
    }
    text.append("  to copy: about ").append(String.format(Locale.ROOT, "%,d", rowsToCopy));
    text.append(" rows, ").append(size(bytesToCopy)).append('\n');
    append(text, "on the source", sourceStatements);
    append(text, "on the destination", destinationStatements);
    return text.toString();
  }

  private static void append(StringBuilder text, String where, List<String> statements) {
    if (!statements.isEmpty()) {
      text.append("  ").append(where).append(":\n");
    }
    for (String statement : statements) {
      text.append("    ").append(statement.replace("\n", "\n    ")).append(";\n");
    }
  }

  private static String size(long bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= 1024 && unit < UNITS.size() - 1) {
      value /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", value, UNITS.get(unit));
  }
}
