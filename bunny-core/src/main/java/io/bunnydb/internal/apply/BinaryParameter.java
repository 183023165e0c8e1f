package io.bunnydb.internal.apply;

import org.postgresql.util.PGBinaryObject;
import org.postgresql.util.PGobject;

/**
 * A parameter of a statement that has a binary form only.
 *
 * <p>Only for connections that send its type in that form: see {@link ArrayParameter#fits} and
 * {@link ArrayParameter#prepare}.
 */
abstract sealed class BinaryParameter extends PGobject implements PGBinaryObject
    permits ArrayParameter, BinaryValue {
  private static final long serialVersionUID = 1L;

  @Override
  public final void setByteValue(byte[] value, int offset) {
    throw new UnsupportedOperationException("it is a parameter, not a result");
  }

  @Override
  public final String getValue() {
    throw new UnsupportedOperationException("it has a binary form only");
  }

  @Override
  public abstract boolean equals(Object other);

  @Override
  public abstract int hashCode();

  @Override
  public final Object clone() {
    throw new UnsupportedOperationException("it is a parameter, and not to be copied");
  }
}
