package io.bunnydb;

/** How much a finding matters. */
public enum Severity {
  /** The mirror cannot work; {@code start()} refuses it. */
  ERROR,
  /** The mirror works, and something can go wrong later or is slow. */
  WARNING,
  /** Good to know. */
  NOTE
}
