package io.bunnydb.benchmarks;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import org.postgresql.copy.CopyIn;
import org.postgresql.util.ByteStreamWriter;

/** Takes the bytes of a {@code COPY} and forgets them, but for their number. Not thread-safe. */
final class DiscardedCopy implements CopyIn {
  private long bytes;

  /** How many bytes there were. */
  long bytes() {
    return bytes;
  }

  @Override
  public void writeToCopy(byte[] from, int offset, int length) {
    bytes += length;
  }

  @Override
  public void writeToCopy(ByteStreamWriter writer) {
    try {
      writer.writeTo(OutputStream::nullOutputStream);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    bytes += writer.getLength();
  }

  @Override
  public void flushCopy() {
    // Nothing is kept.
  }

  @Override
  public long endCopy() {
    return getHandledRowCount();
  }

  @Override
  public int getFieldCount() {
    throw new UnsupportedOperationException("there is no server to tell");
  }

  @Override
  public int getFormat() {
    throw new UnsupportedOperationException("there is no server to tell");
  }

  @Override
  public int getFieldFormat(int field) {
    throw new UnsupportedOperationException("there is no server to tell");
  }

  @Override
  public boolean isActive() {
    return true;
  }

  @Override
  public void cancelCopy() {
    // Nothing was begun.
  }

  @Override
  public long getHandledRowCount() {
    return -1; // "not known"
  }
}
