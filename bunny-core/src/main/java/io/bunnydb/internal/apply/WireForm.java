package io.bunnydb.internal.apply;

import io.bunnydb.internal.apply.Applier.TextNeededException;
import io.bunnydb.internal.catalog.WireType;
import io.bunnydb.pgoutput.ValueKind;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Objects;

/**
 * The form in which a relation's values come over the wire, and go on to the destination. Columns
 * are numbered as in the relation's tuples.
 */
final class WireForm {
  /** {@code TEXT} or {@code BINARY}. */
  final ValueKind kind;

  /** Per column, the type in whose form its values are. */
  final WireType[] types;

  private WireForm(ValueKind kind, WireType[] types) {
    this.kind = kind;
    this.types = types;
  }

  /** Text, in every column. */
  static WireForm text(int width) {
    WireType[] types = new WireType[width];
    Arrays.fill(types, WireType.TEXT);
    return new WireForm(ValueKind.TEXT, types);
  }

  /**
   * The binary form of each column's type.
   *
   * @param source the types of the source
   * @param destinationTypes per column, the type's OID on the destination, 0 where it is not
   *     written
   * @throws TextNeededException if a type has another form on either side
   */
  static WireForm binary(
      Connection destination,
      WireType.Directory source,
      RelationShape shape,
      long[] destinationTypes)
      throws SQLException {
    WireType.Directory directory = WireType.directory(destination);
    WireType[] types = new WireType[destinationTypes.length];
    Arrays.fill(types, WireType.TEXT);
    for (int i = 0; i < types.length; i++) {
      if (destinationTypes[i] == 0) {
        continue;
      }
      WireType type = source.of(shape.typeOids().get(i));
      if (type == null || !Objects.equals(type, directory.of(destinationTypes[i]))) {
        throw new TextNeededException(
            "column " + shape.columns().get(i) + " has no binary form that both sides share");
      }
      types[i] = type;
      ArrayParameter.prepare(destination, type);
    }
    return new WireForm(ValueKind.BINARY, types);
  }

  /** Whether values are in binary form. */
  boolean isBinary() {
    return kind == ValueKind.BINARY;
  }

  /**
   * Checks the form of a value.
   *
   * @throws SQLException if it is another
   */
  void require(ValueKind found) throws SQLException {
    if (found != kind) {
      throw new SQLException(
          "a value came as " + found + ", where " + kind + " was asked for; report it", "08P01");
    }
  }
}
