package io.bunnydb.scenarios;

import java.util.List;

/**
 * Something that happens to a mirror, and what is to come of it.
 *
 * @param category the title of its file
 * @param name what it shows, a sentence without its full stop
 * @param firstMajor the first version of the source that has what it needs
 * @param lastMajor the last one
 * @param firstDestination the first version of the destination that has what it needs
 * @param needs what both servers must have at hand
 * @param steps what is done, in order; at least one of them expects something
 */
record Scenario(
    String category,
    String name,
    int firstMajor,
    int lastMajor,
    int firstDestination,
    List<Step> needs,
    List<Step> steps) {

  /**
   * One step.
   *
   * @param verb what to do
   * @param argument the rest of its line, empty where there is none
   * @param body the indented lines below, without their indentation
   * @param line where it stands in its file, from 1
   */
  record Step(String verb, String argument, List<String> body, int line) {
    @Override
    public String toString() {
      return "line " + line + ": " + verb + (argument.isEmpty() ? "" : " " + argument);
    }
  }

  /** Whether it can be run between servers of two versions. */
  boolean runsBetween(int source, int destination) {
    return source >= firstMajor && source <= lastMajor && destination >= firstDestination;
  }

  /** How the mirror ends: {@code mirrored}, {@code stopped} or {@code refused}. */
  String outcome() {
    String outcome = "mirrored";
    for (Step step : steps) {
      switch (step.verb()) {
        case "refused" -> outcome = "refused";
        case "stops" -> outcome = "stops, then goes on";
        default -> {}
      }
    }
    return outcome;
  }

  @Override
  public String toString() {
    return name;
  }
}
