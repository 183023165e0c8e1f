package io.bunnydb.scenarios;

import io.bunnydb.ExistingRowPolicy;
import io.bunnydb.MissingRowPolicy;
import io.bunnydb.TableMapping;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The mappings of a scenario as they are written there. */
final class Mappings {
  private static final Pattern MAPPING =
      Pattern.compile(
          "(?<source>.+?)(?: -> (?<destination>.+?))?(?: excluding (?<excluded>.+?))?"
              + "(?: existing (?<existing>STOP|OVERWRITE))?(?: missing (?<missing>STOP|CONTINUE))?"
              + "(?: where (?<filter>.+))?");

  private Mappings() {}

  static TableMapping[] of(List<String> lines) {
    return lines.stream()
        .filter(line -> !line.isBlank())
        .map(Mappings::of)
        .toArray(TableMapping[]::new);
  }

  private static TableMapping of(String line) {
    Matcher parts = MAPPING.matcher(line.strip());
    if (!parts.matches()) {
      throw new IllegalArgumentException("not a mapping: " + line);
    }
    TableMapping mapping = TableMapping.from(parts.group("source"));
    if (parts.group("destination") != null) {
      mapping = mapping.to(parts.group("destination"));
    }
    if (parts.group("excluded") != null) {
      mapping = mapping.excludeColumns(parts.group("excluded").split(", "));
    }
    if (parts.group("existing") != null) {
      mapping = mapping.onExistingRow(ExistingRowPolicy.valueOf(parts.group("existing")));
    }
    if (parts.group("missing") != null) {
      mapping = mapping.onMissingRow(MissingRowPolicy.valueOf(parts.group("missing")));
    }
    if (parts.group("filter") != null) {
      mapping = mapping.where(parts.group("filter"));
    }
    return mapping;
  }
}
