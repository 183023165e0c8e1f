package io.bunnydb.examples.control;

/** A field of a request or of a configuration that cannot be used as it is. */
final class FieldException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /**
   * A problem of one field.
   *
   * @param field where it stands, such as {@code table_mappings[0].source_table}; empty for the
   *     whole
   * @param problem what is wrong with it
   */
  FieldException(String field, String problem) {
    super(field.isEmpty() ? problem : field + ": " + problem);
  }
}
