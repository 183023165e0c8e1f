package io.bunnydb.examples.control;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How tables are copied again. */
enum ResyncStrategy {
  /** The destination table is emptied, then copied. */
  TRUNCATE,
  /** A new table is filled beside the old one, then takes its place. */
  SWAP;

  /**
   * Reads an optional field {@code strategy} or {@code resync_strategy}.
   *
   * @throws FieldException if it is neither {@code truncate} nor {@code swap}
   */
  static ResyncStrategy read(Fields fields, String field, ResyncStrategy otherwise) {
    @Nullable String name = fields.textOrNull(field);
    if (name == null) {
      return otherwise;
    }
    return switch (name) {
      case "truncate" -> TRUNCATE;
      case "swap" -> SWAP;
      default -> throw new FieldException(fields.nameOf(field), "must be truncate or swap");
    };
  }

  /** The name that requests use. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
