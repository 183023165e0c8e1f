package io.bunnydb.examples.control;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The fields of one JSON object, read by name; whatever is wrong is a {@link FieldException} that
 * names the field.
 *
 * <p>A null is as good as a missing field. What was not asked for when all is read is refused by
 * {@link #refuseOthers}, so that no misspelt field goes unnoticed.
 */
final class Fields {
  private final JsonNode object;
  private final String place;
  private final Set<String> asked = new HashSet<>();

  private Fields(JsonNode object, String place) {
    if (!object.isObject()) {
      throw new FieldException(place, "must be a JSON object");
    }
    this.object = object;
    this.place = place;
  }

  /** Reads an object from its text. */
  static Fields read(byte[] text) {
    return new Fields(Json.read(text), "");
  }

  /** The full name of a field of this object. */
  String nameOf(String field) {
    return place.isEmpty() ? field : place + "." + field;
  }

  /** Whether there is such a field. */
  boolean has(String field) {
    return find(field) != null;
  }

  /** A text that must be there. */
  String text(String field) {
    String value = textOrNull(field);
    if (value == null) {
      throw new FieldException(nameOf(field), "is missing");
    }
    return value;
  }

  /** A text, or null. */
  @Nullable String textOrNull(String field) {
    JsonNode value = find(field);
    return value == null ? null : textOf(value, nameOf(field));
  }

  /** A truth value, or the default. */
  boolean flag(String field, boolean otherwise) {
    JsonNode value = find(field);
    if (value == null) {
      return otherwise;
    }
    if (!value.isBoolean()) {
      throw new FieldException(nameOf(field), "must be true or false");
    }
    return value.booleanValue();
  }

  /** A whole number of 32 bits, or the default. */
  int number(String field, int otherwise) {
    JsonNode value = find(field);
    if (value == null) {
      return otherwise;
    }
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw new FieldException(nameOf(field), "must be a whole number");
    }
    return value.intValue();
  }

  /** A list of texts; empty where there is none. */
  List<String> texts(String field) {
    List<String> texts = new ArrayList<>();
    int i = 0;
    for (JsonNode element : list(field)) {
      texts.add(textOf(element, nameOf(field) + "[" + i++ + "]"));
    }
    return texts;
  }

  /** A list of objects that must be there. */
  List<Fields> objects(String field) {
    if (find(field) == null) {
      throw new FieldException(nameOf(field), "is missing");
    }
    List<Fields> objects = new ArrayList<>();
    int i = 0;
    for (JsonNode element : list(field)) {
      objects.add(new Fields(element, nameOf(field) + "[" + i++ + "]"));
    }
    return objects;
  }

  /** Refuses fields that nobody asked for. */
  void refuseOthers() {
    Iterator<String> names = object.fieldNames();
    while (names.hasNext()) {
      String name = names.next();
      if (!asked.contains(name)) {
        throw new FieldException(nameOf(name), "is not a known field");
      }
    }
  }

  private Iterable<JsonNode> list(String field) {
    JsonNode value = find(field);
    if (value == null) {
      return List.of();
    }
    if (!value.isArray()) {
      throw new FieldException(nameOf(field), "must be a list");
    }
    return value;
  }

  private @Nullable JsonNode find(String field) {
    asked.add(field);
    JsonNode value = object.get(field);
    return value == null || value.isNull() ? null : value;
  }

  private static String textOf(JsonNode value, String name) {
    if (!value.isTextual()) {
      throw new FieldException(name, "must be a text");
    }
    return value.textValue();
  }
}
