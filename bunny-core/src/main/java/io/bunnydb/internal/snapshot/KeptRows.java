package io.bunnydb.internal.snapshot;

import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;

/**
 * What a copy has brought of a table, and the destination holds. Ranges of pages have come under
 * one snapshot or, where a copy was broken off, under several: of each range the destination holds
 * what the snapshot of its part shows, less what a later one did not show any more.
 *
 * @param basis a digest of what must still be the same for the rows to be of use
 * @param rows how many rows the destination holds
 * @param bytes how many bytes brought them
 * @param parts the ranges by snapshot; no page is in two of them
 */
record KeptRows(String basis, long rows, long bytes, List<Part> parts) {
  private static final String VERSION = "1";
  private static final int FIRST_PART = 4;

  /**
   * Ranges that came under one snapshot.
   *
   * @param shown what that showed
   * @param pages the ranges
   */
  record Part(Visibility shown, PageSet pages) {

    /** The conditions that a row is one of these, of which each holds for other rows. */
    List<String> conditions() {
      List<String> conditions = new ArrayList<>();
      for (PageRange range : pages.ranges()) {
        conditions.add(range.with(shown.conditionSql()));
      }
      return conditions;
    }
  }

  KeptRows {
    parts = List.copyOf(parts);
  }

  /** Of a table that was just emptied. */
  static KeptRows none(String basis) {
    return new KeptRows(basis, 0, 0, List.of());
  }

  /**
   * Reads the text form.
   *
   * @throws IllegalArgumentException if it is none, or of another version
   */
  static KeptRows parse(String text) {
    String[] words = text.split(" ", -1);
    if (words.length < FIRST_PART || !words[0].equals(VERSION)) {
      throw new IllegalArgumentException("no rows that were kept: " + text);
    }
    List<Part> parts = new ArrayList<>();
    for (int i = FIRST_PART; i < words.length; i++) {
      int divider = words[i].indexOf('=');
      if (divider < 0) {
        throw new IllegalArgumentException("no ranges that were kept: " + words[i]);
      }
      parts.add(
          new Part(
              Visibility.parse(words[i].substring(0, divider)),
              PageSet.parse(words[i].substring(divider + 1))));
    }
    return new KeptRows(words[1], Long.parseLong(words[2]), Long.parseLong(words[3]), parts);
  }

  /** The same when the destination holds fewer of the rows. */
  KeptRows reducedTo(long newRows) {
    return new KeptRows(
        basis, newRows, rows == 0 ? 0 : (long) ((double) bytes / rows * newRows), parts);
  }

  /**
   * The same when a range has come as a snapshot shows it, the rows of it that were kept or not.
   */
  KeptRows with(Visibility shown, PageRange range, long newRows, long newBytes) {
    List<Part> others = new ArrayList<>();
    PageSet pages = PageSet.NONE;
    for (Part part : parts) {
      if (part.shown.equals(shown)) {
        pages = part.pages;
      } else if (!part.pages.minus(range).isEmpty()) {
        others.add(new Part(part.shown, part.pages.minus(range)));
      }
    }
    others.add(new Part(shown, pages.plus(range)));
    return new KeptRows(basis, rows + newRows, bytes + newBytes, others);
  }

  /** The conditions that the destination holds a row, of which each holds for other rows. */
  List<String> conditions() {
    return parts.stream().flatMap(part -> part.conditions().stream()).toList();
  }

  /** The condition that a row lies in a range, and the destination does not hold it. */
  String conditionOfMissing(PageRange range) {
    StringJoiner held = new StringJoiner(" OR ", "NOT (", ")");
    boolean isHeld = false;
    for (Part part : parts) {
      for (String condition : new Part(part.shown, part.pages.within(range)).conditions()) {
        held.add("(" + condition + ")");
        isHeld = true;
      }
    }
    return isHeld ? range.with(held.toString()) : range.conditionSql();
  }

  /** The text form: version, basis, rows, bytes, then {@code snapshot=ranges} for each part. */
  @Override
  public String toString() {
    StringJoiner text = new StringJoiner(" ");
    text.add(VERSION).add(basis).add(Long.toString(rows)).add(Long.toString(bytes));
    parts.forEach(part -> text.add(part.shown + "=" + part.pages));
    return text.toString();
  }
}
