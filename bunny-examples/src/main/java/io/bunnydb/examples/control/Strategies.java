package io.bunnydb.examples.control;

import io.bunnydb.ResyncStrategy;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The names that requests have for {@link ResyncStrategy}. */
final class Strategies {
  private Strategies() {}

  /**
   * Reads an optional field.
   *
   * @throws FieldException if it is neither {@code truncate} nor {@code swap}
   */
  static ResyncStrategy read(Fields fields, String field, ResyncStrategy otherwise) {
    @Nullable String name = fields.textOrNull(field);
    if (name == null) {
      return otherwise;
    }
    return switch (name) {
      case "truncate" -> ResyncStrategy.TRUNCATE;
      case "swap" -> ResyncStrategy.SWAP;
      default -> throw new FieldException(fields.nameOf(field), "must be truncate or swap");
    };
  }

  /** The name of a strategy. */
  static String name(ResyncStrategy strategy) {
    return strategy.name().toLowerCase(Locale.ROOT);
  }
}
