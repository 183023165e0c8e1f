package io.bunnydb.internal.apply;

import io.bunnydb.pgoutput.Tuple;
import io.bunnydb.pgoutput.ValueKind;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the changes of a batch make of one table's rows in the end, by key: of an INSERT, its
 * UPDATEs and its DELETE nothing is left, of ten UPDATEs one with the last values.
 *
 * <p>Values stay where they lie in the batch; an entry holds where. Keys are told apart by their
 * bytes: equal values of different bytes, such as {@code 1.0} and {@code 1.00}, may have an entry
 * each, which does no harm as deletes are written first and no two rows have equal keys at a time.
 *
 * <p>Not thread-safe; {@link #begin} readies it for the next batch.
 */
final class NetChanges {
  /** What is left to do for a key. */
  enum Kind {
    /** Nothing: the row came and went. */
    NOTHING,
    /** Put the row in. */
    INSERT,
    /** Set the columns that have a value. */
    UPDATE,
    /** Remove the row; only the key's columns have a value. */
    DELETE,
    /** Remove the row, put another in. */
    REPLACE
  }

  // Lengths of a column without a value.
  private static final int NULL = -1;
  private static final int UNCHANGED = -2;

  private static final int INITIAL_ENTRIES = 64;

  // Of the array of values: what is kept from batch to batch (4 MiB), and from where on the entries
  // are to be written (32 MiB).
  private static final int KEPT_VALUES = 1 << 20;
  private static final int MOST_VALUES = 8 << 20;
  private static final byte[] NO_BYTES = new byte[0];

  private static final int FNV_BASIS = 0x811C9DC5;
  private static final int FNV_PRIME = 0x01000193;

  private final boolean[] written;
  private final boolean[] key;
  private final ValueKind form;
  private final int width;

  private byte[] bytes = NO_BYTES;
  private int count;
  private Kind[] kinds = new Kind[INITIAL_ENTRIES];
  private int[] values; // per entry and column: where it begins, how long it is

  // Entry numbers plus one, by hash of the key; built when a key is first looked for.
  private int[] index = new int[0];
  private boolean isIndexed;

  private int inserted;
  private int updated;
  private int deleted;

  /**
   * No changes.
   *
   * @param written per column of the tuples, whether it is written
   * @param key per column, whether it belongs to the key; there is one at the least
   * @param form the form of values
   */
  NetChanges(boolean[] written, boolean[] key, ValueKind form) {
    this.written = written;
    this.key = key;
    this.form = form;
    this.width = written.length;
    this.values = new int[INITIAL_ENTRIES * 2 * width];
  }

  /** Forgets everything; the changes that follow lie in the array. */
  void begin(byte[] batchBytes) {
    bytes = batchBytes;
    count = 0;
    isIndexed = false;
    inserted = 0;
    updated = 0;
    deleted = 0;
  }

  /** Lets go of the array, and of memory that is much. */
  void end() {
    begin(NO_BYTES);
    if (values.length > KEPT_VALUES) {
      kinds = new Kind[INITIAL_ENTRIES];
      values = new int[INITIAL_ENTRIES * 2 * width];
      index = new int[0];
    }
  }

  /** Whether the entries take so much memory that they are to be written. */
  boolean isFull() {
    return values.length > MOST_VALUES;
  }

  // ---- adding: false if a change does not fit, and then nothing is added ----

  /**
   * Adds an INSERT; it must be complete. A row with its key must not be there, which is looked for
   * once keys are; until then the index finds it when it is built, or the server.
   */
  boolean insert(Tuple row) {
    int entry = append();
    if (!read(row, entry, written) || !isComplete(entry)) {
      return false;
    }
    if (isIndexed) {
      int known = find(entry);
      if (known >= 0) {
        Kind kind = kind(known);
        if (kind != Kind.DELETE && kind != Kind.NOTHING) {
          return false;
        }
        System.arraycopy(values, at(entry, 0), values, at(known, 0), 2 * width);
        setKind(known, kind == Kind.DELETE ? Kind.REPLACE : Kind.INSERT);
        inserted++;
        return true;
      }
    }
    keep(entry, Kind.INSERT);
    inserted++;
    return true;
  }

  /**
   * Adds an UPDATE; it must leave the key as it is.
   *
   * @param oldRow the row as it was; null where the source does not tell, as the key is the same
   */
  boolean update(@Nullable Tuple oldRow, Tuple row) {
    if (oldRow != null && !hasSameKey(oldRow, row)) {
      return false;
    }
    int entry = append();
    if (!read(row, entry, written) || !hasKey(entry) || !setsMoreThanKey(entry)) {
      return false;
    }
    if (!isIndexed && !buildIndex()) {
      return false;
    }
    int known = find(entry);
    if (known < 0) {
      keep(entry, Kind.UPDATE);
      updated++;
      return true;
    }
    Kind kind = kind(known);
    if (kind == Kind.DELETE || kind == Kind.NOTHING) {
      return false;
    }
    for (int column = 0; column < width; column++) {
      int from = at(entry, column);
      if (values[from + 1] != UNCHANGED) {
        int to = at(known, column);
        values[to] = values[from];
        values[to + 1] = values[from + 1];
      }
    }
    updated++;
    return true;
  }

  /** Adds a DELETE. */
  boolean delete(Tuple oldRow) {
    int entry = append();
    if (!read(oldRow, entry, key) || !hasKey(entry)) {
      return false;
    }
    if (!isIndexed && !buildIndex()) {
      return false;
    }
    int known = find(entry);
    if (known < 0) {
      keep(entry, Kind.DELETE);
      deleted++;
      return true;
    }
    switch (kind(known)) {
      case INSERT -> setKind(known, Kind.NOTHING);
      case UPDATE, REPLACE -> setKind(known, Kind.DELETE);
      case DELETE, NOTHING -> {
        return false;
      }
    }
    deleted++;
    return true;
  }

  /** Room for one more entry, behind the others; it is not one of them until it is kept. */
  private int append() {
    if (count == kinds.length) {
      kinds = Arrays.copyOf(kinds, 2 * count);
      values = Arrays.copyOf(values, Math.multiplyExact(values.length, 2));
    }
    return count;
  }

  private boolean read(Tuple row, int entry, boolean[] wanted) {
    if (row.columnCount() != width) {
      return false;
    }
    int at = at(entry, 0);
    row.rewind();
    boolean isOfForm = true;
    while (row.next()) {
      ValueKind kind = row.kind();
      if (!wanted[row.index()] || kind == ValueKind.UNCHANGED) {
        values[at + 1] = UNCHANGED;
      } else if (kind == ValueKind.NULL) {
        values[at + 1] = NULL;
      } else {
        isOfForm &= kind == form;
        values[at] = row.valueOffset();
        values[at + 1] = row.length();
      }
      at += 2;
    }
    row.rewind();
    return isOfForm;
  }

  private boolean hasSameKey(Tuple one, Tuple other) {
    one.rewind();
    other.rewind();
    boolean isSame = true;
    while (isSame && one.next() && other.next()) {
      isSame = !key[one.index()] || hasSameValue(one, other);
    }
    one.rewind();
    other.rewind();
    return isSame;
  }

  private static boolean hasSameValue(Tuple one, Tuple other) {
    return one.hasValue()
        && other.hasValue()
        && Arrays.equals(
            one.bytes(),
            one.valueOffset(),
            one.valueOffset() + one.length(),
            other.bytes(),
            other.valueOffset(),
            other.valueOffset() + other.length());
  }

  private boolean isComplete(int entry) {
    for (int column = 0; column < width; column++) {
      if (written[column] && values[at(entry, column) + 1] == UNCHANGED) {
        return false;
      }
    }
    return true;
  }

  private boolean hasKey(int entry) {
    for (int column = 0; column < width; column++) {
      if (key[column] && values[at(entry, column) + 1] < 0) {
        return false;
      }
    }
    return true;
  }

  private boolean setsMoreThanKey(int entry) {
    for (int column = 0; column < width; column++) {
      if (!key[column] && isSet(entry, column)) {
        return true;
      }
    }
    return false;
  }

  // ---- finding ----

  private boolean buildIndex() {
    isIndexed = true;
    growIndex();
    return isIndexed;
  }

  private void growIndex() {
    int size = Integer.highestOneBit(Math.max(count, INITIAL_ENTRIES)) * 4;
    if (index.length < size) {
      index = new int[size];
    } else {
      Arrays.fill(index, 0);
    }
    for (int entry = 0; entry < count && isIndexed; entry++) {
      int slot = slot(entry);
      // Two INSERTs of one key: the destination will say so when they are written in order.
      isIndexed = index[slot] == 0;
      index[slot] = entry + 1;
    }
  }

  /** The entry with the same key; -1 if there is none. */
  private int find(int entry) {
    return index[slot(entry)] - 1;
  }

  /** Where the index holds the entry's key, or would. */
  private int slot(int entry) {
    int mask = index.length - 1;
    int slot = hash(entry) & mask;
    while (index[slot] != 0 && !hasSameKey(index[slot] - 1, entry)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  /**
   * FNV-1a: keys that count up differ in two bytes at most, of which a weaker sum has few values.
   */
  private int hash(int entry) {
    int hash = FNV_BASIS;
    for (int column = 0; column < width; column++) {
      if (key[column]) {
        int at = at(entry, column);
        int end = values[at] + values[at + 1];
        for (int i = values[at]; i < end; i++) {
          hash = (hash ^ (bytes[i] & 0xFF)) * FNV_PRIME;
        }
        hash = (hash ^ values[at + 1]) * FNV_PRIME;
      }
    }
    return hash ^ (hash >>> 15);
  }

  private boolean hasSameKey(int one, int other) {
    for (int column = 0; column < width; column++) {
      if (key[column]) {
        int a = at(one, column);
        int b = at(other, column);
        if (!Arrays.equals(
            bytes,
            values[a],
            values[a] + values[a + 1],
            bytes,
            values[b],
            values[b] + values[b + 1])) {
          return false;
        }
      }
    }
    return true;
  }

  private void keep(int entry, Kind kind) {
    setKind(entry, kind);
    count++;
    if (isIndexed) {
      if (2 * count > index.length) {
        growIndex();
      } else {
        index[slot(entry)] = entry + 1;
      }
    }
  }

  // ---- reading ----

  /** How many keys have an entry. */
  int count() {
    return count;
  }

  /** What is left to do for an entry's key. */
  Kind kind(int entry) {
    return kinds[entry];
  }

  /** Whether a column of an entry has a value or NULL, which it keeps otherwise. */
  boolean isSet(int entry, int column) {
    return values[at(entry, column) + 1] != UNCHANGED;
  }

  /** Whether a column of an entry is NULL. */
  boolean isNull(int entry, int column) {
    return values[at(entry, column) + 1] == NULL;
  }

  /** Where a value begins in {@link #bytes}. */
  int offset(int entry, int column) {
    return values[at(entry, column)];
  }

  /** How many bytes a value has. */
  int length(int entry, int column) {
    return values[at(entry, column) + 1];
  }

  /** The array that holds the values. */
  byte[] bytes() {
    return bytes;
  }

  /** How many INSERTs were added. */
  int inserted() {
    return inserted;
  }

  /** How many UPDATEs were added. */
  int updated() {
    return updated;
  }

  /** How many DELETEs were added. */
  int deleted() {
    return deleted;
  }

  private int at(int entry, int column) {
    return (entry * width + column) * 2;
  }

  private void setKind(int entry, Kind kind) {
    kinds[entry] = kind;
  }
}
