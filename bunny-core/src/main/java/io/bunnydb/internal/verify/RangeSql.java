package io.bunnydb.internal.verify;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The order of a key on one side, and the conditions of its ranges. Immutable. */
final class RangeSql {
  private final TableKey key;

  RangeSql(TableKey key) {
    this.key = key;
  }

  /** The clause that puts rows in the key's order. */
  String order() {
    return key.ordered().stream()
        .map(KeyColumn::operand)
        .collect(Collectors.joining(", ", " ORDER BY ", ""));
  }

  /** The conditions of a range, by which an index finds its rows. */
  List<String> conditions(KeyRange range) {
    List<String> conditions = new ArrayList<>();
    if (range.after() != null) {
      conditions.add(bound(">"));
      addFirst(conditions, ">=");
    }
    if (range.to() != null) {
      conditions.add(bound("<="));
      addFirst(conditions, "<=");
    }
    return conditions;
  }

  /** The parameters of these conditions. */
  List<Object> parameters(KeyRange range) {
    List<Object> parameters = new ArrayList<>();
    for (Key bound : bounds(range)) {
      addOrdered(parameters, bound);
      if (key.width() > 1) {
        parameters.add(bound.values().get(key.order().get(0)));
      }
    }
    return parameters;
  }

  /**
   * Whether a row that was found is within the range. What an index says is compared once more, as
   * one that is not in order would lead in circles.
   */
  String isWithin(KeyRange range) {
    List<String> conditions = new ArrayList<>();
    if (range.after() != null) {
      conditions.add(bound(">"));
    }
    if (range.to() != null) {
      conditions.add(bound("<="));
    }
    return conditions.isEmpty() ? "true" : String.join(" AND ", conditions);
  }

  /** The parameters of that. */
  List<Object> parametersOfWithin(KeyRange range) {
    List<Object> parameters = new ArrayList<>();
    bounds(range).forEach(bound -> addOrdered(parameters, bound));
    return parameters;
  }

  private static List<Key> bounds(KeyRange range) {
    return Stream.of(range.after(), range.to()).flatMap(Stream::ofNullable).toList();
  }

  private void addOrdered(List<Object> parameters, Key bound) {
    key.order().forEach(place -> parameters.add(bound.values().get(place)));
  }

  private String bound(String comparison) {
    List<KeyColumn> columns = key.ordered();
    return columns.stream().map(KeyColumn::operand).collect(Collectors.joining(", ", "(", ") "))
        + comparison
        + columns.stream()
            .map(column -> column.cast("?"))
            .collect(Collectors.joining(", ", " (", ")"));
  }

  /** Of how many rows a comparison of several columns leaves, the planner has no idea. */
  private void addFirst(List<String> conditions, String comparison) {
    if (key.width() > 1) {
      KeyColumn first = key.ordered().get(0);
      conditions.add(first.operand() + " " + comparison + " " + first.cast("?"));
    }
  }
}
