package io.bunnydb.internal.apply;

import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * Puts entries into the order of their keys, roughly: neighbours in the order lie close to each
 * other in the key's index, so that a statement that follows it reads each page once. What it
 * orders by is the first column of the key, a whole number as such, another value by its first
 * bytes; more would be exact, but no faster.
 *
 * <p>Not thread-safe.
 */
final class KeyOrder {
  private static final int PREFIX_BYTES = 8;

  private static final int INITIAL_ENTRIES = 64;
  private static final int KEPT_ENTRIES = 1 << 16;

  /** What the values that it orders by look like. */
  enum Form {
    /** Whole numbers of 64 bits at the most, written in decimal. */
    DECIMAL,
    /** Whole numbers of 8, 4 or 2 bytes, signed and big-endian. */
    BIG_ENDIAN,
    /** Anything else. */
    BYTES
  }

  private final int column;
  private final Form form;
  private long[] ranks = new long[INITIAL_ENTRIES];
  private long[] packed = new long[INITIAL_ENTRIES];
  private int count;

  /**
   * An order.
   *
   * @param column the key's first column
   * @param form what its values look like
   */
  KeyOrder(int column, Form form) {
    this.column = column;
    this.form = form;
  }

  /** Orders the entries of a kind, or of either of two kinds. */
  void sort(NetChanges changes, NetChanges.Kind kind, NetChanges.Kind other) {
    count = 0;
    long least = Long.MAX_VALUE;
    long most = Long.MIN_VALUE;
    for (int entry = 0; entry < changes.count(); entry++) {
      NetChanges.Kind actual = changes.kind(entry);
      if (actual != kind && actual != other) {
        continue;
      }
      if (count == ranks.length) {
        ranks = Arrays.copyOf(ranks, 2 * count);
        packed = Arrays.copyOf(packed, 2 * count);
      }
      long rank =
          rank(changes.bytes(), changes.offset(entry, column), changes.length(entry, column));
      least = Math.min(least, rank);
      most = Math.max(most, rank);
      ranks[count] = rank;
      packed[count++] = entry;
    }
    // A long holds both: as much of the rank as there is room for, and the entry's number.
    int entryBits = Integer.SIZE - Integer.numberOfLeadingZeros(changes.count());
    int rankBits = Long.SIZE - Long.numberOfLeadingZeros(most - least);
    int shift = Math.max(0, rankBits + entryBits - (Long.SIZE - 1));
    for (int i = 0; i < count; i++) {
      packed[i] |= ((ranks[i] - least) >>> shift) << entryBits;
    }
    Arrays.sort(packed, 0, count);
    for (int i = 0; i < count; i++) {
      packed[i] &= (1L << entryBits) - 1;
    }
  }

  /** Forgets the entries, and gives back memory that is much. */
  void end() {
    count = 0;
    if (ranks.length > KEPT_ENTRIES) {
      ranks = new long[INITIAL_ENTRIES];
      packed = new long[INITIAL_ENTRIES];
    }
  }

  /** How many entries there are. */
  int count() {
    return count;
  }

  /** The number of the entry at a place. */
  int entry(int place) {
    return (int) packed[place];
  }

  /**
   * Moves the entries that satisfy a condition before the others; both keep their order.
   *
   * @return how many they are
   */
  int partition(IntPredicate condition) {
    // The ranks have done their work; their array is room for the others.
    int chosen = 0;
    int others = 0;
    for (int place = 0; place < count; place++) {
      if (condition.test(entry(place))) {
        packed[chosen++] = packed[place];
      } else {
        ranks[others++] = packed[place];
      }
    }
    System.arraycopy(ranks, 0, packed, chosen, others);
    return chosen;
  }

  /** Takes the first entries out. */
  void removeFirst(int removed) {
    count -= removed;
    System.arraycopy(packed, removed, packed, 0, count);
  }

  private long rank(byte[] bytes, int offset, int length) {
    return switch (form) {
      case DECIMAL -> decimal(bytes, offset, length);
      case BIG_ENDIAN -> bigEndian(bytes, offset, length);
      case BYTES -> prefix(bytes, offset, length);
    };
  }

  private static long bigEndian(byte[] bytes, int offset, int length) {
    long value = bytes[offset];
    for (int i = 1; i < length; i++) {
      value = value << Byte.SIZE | (bytes[offset + i] & 0xFF);
    }
    return value;
  }

  private static long decimal(byte[] bytes, int offset, int length) {
    boolean isNegative = length > 0 && bytes[offset] == '-';
    long value = 0;
    for (int i = isNegative ? 1 : 0; i < length; i++) {
      value = 10 * value + bytes[offset + i] - '0';
    }
    return isNegative ? -value : value;
  }

  private static long prefix(byte[] bytes, int offset, int length) {
    long value = 0;
    for (int i = 0; i < PREFIX_BYTES; i++) {
      value = value << Byte.SIZE | (i < length ? bytes[offset + i] & 0xFF : 0);
    }
    return value >>> 1;
  }
}
