package io.bunnydb.examples;

import java.io.Console;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * What the reader sees: numbered phases, lines under them, and a live line that changes in place.
 *
 * <p>Where the output is not a terminal, the live line is printed as an ordinary line every two
 * seconds, without control characters. Thread-safe.
 */
final class ConsoleView {
  private static final long PLAIN_INTERVAL = TimeUnit.SECONDS.toNanos(2);
  private static final String INDENT = "    ";
  private static final int BAR_WIDTH = 24; // characters

  private final boolean terminal;
  private PrintStream out;
  private int phases;
  private String live = "";
  private boolean livePrinted = true;
  private long livePrintedAt = System.nanoTime() - PLAIN_INTERVAL;

  ConsoleView(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** A view of this process's standard output. */
  static ConsoleView ofStandardOutput() {
    return new ConsoleView(System.out, isTerminal());
  }

  /** Announces what comes next. */
  synchronized void phase(String text) {
    endLive();
    phases++;
    out.printf("%n%2d  %s%n", phases, text);
  }

  /** Adds a line to the present phase. */
  synchronized void say(String text) {
    endLive();
    out.println((INDENT + text).stripTrailing());
  }

  /** Replaces the live line. */
  synchronized void live(String text) {
    int tail = Math.max(0, live.length() - text.length()); // of the old line, to be wiped out
    live = text;
    if (terminal) {
      out.print("\r" + INDENT + text + " ".repeat(tail));
      out.flush();
    } else {
      livePrinted = false;
      if (System.nanoTime() - livePrintedAt >= PLAIN_INTERVAL) {
        printLive();
      }
    }
  }

  /** Leaves the live line as it stands; what follows goes below it. */
  synchronized void endLive() {
    if (terminal && !live.isEmpty()) {
      out.println();
    } else if (!livePrinted) {
      printLive();
    }
    live = "";
    livePrintedAt = System.nanoTime() - PLAIN_INTERVAL;
  }

  /** Adds a last line; nothing is shown after it. */
  synchronized void farewell(String text) {
    say(text);
    out = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
  }

  private void printLive() {
    out.println(INDENT + live);
    livePrinted = true;
    livePrintedAt = System.nanoTime();
  }

  /** A bar of fixed width, filled from the left: {@code [######------]}. */
  static String bar(double fraction) {
    int filled = (int) (fraction * BAR_WIDTH);
    return "[" + "#".repeat(filled) + "-".repeat(BAR_WIDTH - filled) + "]";
  }

  /** A number as people read it: {@code 1,234,567}. */
  static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /** A size as people read it: {@code 12.3 MB}. */
  static String size(long bytes) {
    return bytes < 1_000_000
        ? String.format(Locale.ROOT, "%.1f kB", bytes / 1e3)
        : String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
  }

  /** Seconds as people read them: {@code 12.3 s}. */
  static String seconds(double seconds) {
    return String.format(Locale.ROOT, "%.1f s", seconds);
  }

  /** Before Java 22 there is a console in a terminal only; since then it can be asked. */
  @SuppressWarnings("SystemConsoleNull")
  private static boolean isTerminal() {
    Console console = System.console();
    if (console == null || "dumb".equals(System.getenv("TERM"))) {
      return false;
    }
    try {
      return (boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (ReflectiveOperationException beforeJava22) {
      return true;
    }
  }
}
