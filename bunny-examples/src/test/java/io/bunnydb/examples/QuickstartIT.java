package io.bunnydb.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The Quickstart as its reader meets it, but with fewer rows and in less time. */
@Execution(ExecutionMode.CONCURRENT)
final class QuickstartIT {
  private static final Pattern FULL_BAR =
      Pattern.compile("\\[#{24}] 100 %  ([\\d,]+) of \\1 rows, [\\d,]+ rows/s");
  private static final Pattern LIVE_LINE =
      Pattern.compile(
          "([A-Z]+) +lag +([\\d.]+ [kM]B), +[\\d.]+ s  WAL kept +([\\d.]+ [kM]B) +[\\d,]+ rows/s");
  private static final Duration SOON = Duration.ofSeconds(30);

  /** Unpacking PostgreSQL's programs takes longer than the rest; most tests do it once for all. */
  @TempDir private static Path programs;

  @TempDir private Path folder;

  @Test
  void showsAMirrorFromItsCopyToEqualSides() throws Exception {
    try (QuickstartProcess quickstart = QuickstartProcess.launch(folder, null, 5_000, "PT2.8S")) {
      assertThat(quickstart.awaitEnd()).isZero();

      String output = quickstart.output();
      assertThat(output).containsPattern(FULL_BAR);
      assertThat(liveLines("RUNNING", output)).hasSizeGreaterThan(2);
      List<MatchResult> paused = liveLines("PAUSED", output);
      MatchResult first = paused.get(0);
      MatchResult last = paused.get(paused.size() - 1);
      assertThat(bytes(last.group(2))).as("lag").isGreaterThan(bytes(first.group(2)));
      assertThat(bytes(last.group(3))).as("WAL kept").isGreaterThan(bytes(first.group(3)));
      assertThat(output).containsPattern("shop.reviews +COPYING +0 rows copied");
      assertThat(output).containsPattern("shop.reviews +[\\d,]+ +[\\d,]+ +identical");
      assertThat(output).endsWith(" rows: identical\n" + QuickstartProcess.END);
      assertThat(folder).isEmptyDirectory();
    }
  }

  @Test
  void endsWithCodeOneIfTheSidesDiffer() throws Exception {
    try (QuickstartProcess quickstart = QuickstartProcess.launch(folder, programs, 5_000, "PT1S")) {
      quickstart.awaitLine("The mirror follows");
      quickstart.execute(
          "destination", "INSERT INTO shop.customers VALUES (-1, 'Nobody', '{}', 0, now())");
      assertThat(quickstart.awaitEnd()).isOne();

      assertThat(quickstart.output())
          .containsPattern("shop.customers .* DIFFERENT\n +only on the destination: \\(-1,Nobody,")
          .containsPattern("shop.orders .* identical")
          .endsWith(" rows: DIFFERENT\n" + QuickstartProcess.END);
      assertThat(folder).isEmptyDirectory();
    }
  }

  @Test
  void endsWithCodeOneAtOnceIfTheApplicationFails() throws Exception {
    try (QuickstartProcess quickstart = QuickstartProcess.launch(folder, programs, 5_000, "PT1M")) {
      quickstart.awaitLine("RUNNING");
      quickstart.execute("source", "DROP FUNCTION shop.any_price");
      assertThat(quickstart.awaitEnd()).isOne();

      assertThat(quickstart.output())
          .contains("the application failed", "function shop.any_price() does not exist")
          .doesNotContain("is paused");
      assertThat(folder).isEmptyDirectory();
    }
  }

  /** A signal in the copy, which goes on for a second after its first line, and in the stream. */
  @ParameterizedTest
  @CsvSource({"200000, ' % ', follows", "5000, RUNNING, is paused"})
  void leavesNothingBehindOnCtrlC(int rows, String line, String later) throws Exception {
    try (QuickstartProcess quickstart = QuickstartProcess.launch(folder, programs, rows, "PT1M")) {
      quickstart.awaitLine(line);
      long sent = System.nanoTime();
      quickstart.pressCtrlC();
      int exitCode = quickstart.awaitEnd();
      Duration took = Duration.ofNanos(System.nanoTime() - sent);

      assertThat(exitCode).isIn(130, 143); // 128 + the signal
      assertThat(took).isLessThan(SOON);
      assertThat(quickstart.output())
          .contains("Stopping the mirror, the application, both servers.")
          .doesNotContain(later, "Exception");
      assertThat(quickstart.servers()).isEqualTo(2);
      assertThat(quickstart.serversLeft()).isZero();
      assertThat(folder).isEmptyDirectory();
    }
  }

  private static List<MatchResult> liveLines(String state, String output) {
    return LIVE_LINE.matcher(output).results().filter(l -> l.group(1).equals(state)).toList();
  }

  private static double bytes(String size) {
    double number = Double.parseDouble(size.substring(0, size.indexOf(' ')));
    return number * (size.endsWith("MB") ? 1e6 : 1e3);
  }
}
