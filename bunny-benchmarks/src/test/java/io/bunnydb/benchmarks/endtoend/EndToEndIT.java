package io.bunnydb.benchmarks.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.testing.PostgresServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A small run of each workload. */
final class EndToEndIT {

  /** Between given servers, whose files may lie in memory: every turn waits for the disk. */
  @Test
  void eachWorkloadEndsWithBothSidesEqualAndIsWrittenDown(@TempDir Path folder) throws Exception {
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    List<Result> results;
    // With one password for both.
    try (PostgresServer source = PostgresServer.start(Map.of());
        PostgresServer destination = PostgresServer.start(Map.of())) {
      String password = "ALTER ROLE " + source.user() + " PASSWORD '" + source.password() + "'";
      destination.execute("postgres", password);
      results =
          run(
              printed,
              "--source",
              source.url("postgres"),
              "--destination",
              destination.url("postgres"),
              "--user",
              source.user(),
              "--password",
              source.password(),
              "--rows",
              "300",
              "--warm-up",
              "0",
              "--pairs",
              "1",
              "--steady-rate",
              "200",
              "--steady-seconds",
              "1",
              "--steady-warm-up",
              "0",
              "--out",
              folder.toString());
    }

    assertEqualSides(results);
    String json = Files.readString(folder.resolve("results.json"));
    String csv = Files.readString(folder.resolve("results.csv"));
    String throughput = svg(folder.resolve("throughput.svg"));
    String latency = svg(folder.resolve("latency.svg"));
    for (String workload : Options.allWorkloads()) {
      for (String contender : List.of("native", "bunny")) {
        assertThat(json)
            .contains(
                "{\"workload\": \"%s\", \"contender\": \"%s\"".formatted(workload, contender));
        assertThat(csv).contains("\n%s,%s,1,".formatted(workload, contender));
        assertThat(printed.toString(UTF_8)).contains("| " + workload + " | " + contender + " |");
      }
      assertThat(workload.equals(Options.STEADY) ? latency : throughput).contains(workload);
    }
    assertThat(results).hasSize(3 * Workload.values().length + 2 * 2);
    assertThat(csv.lines().map(line -> line.split(",", -1).length).distinct())
        .as("columns of each line: " + csv.toLowerCase(Locale.ROOT))
        .hasSize(1);
  }

  @Test
  void startsServersWhereNoneAreGivenAndWarmsUp() throws Exception {
    List<Result> results =
        run(new ByteArrayOutputStream(), "--workloads", "ins_1k", "--rows", "300", "--pairs", "1");

    assertEqualSides(results);
    assertThat(results).hasSize(3);
  }

  private static List<Result> run(ByteArrayOutputStream printed, String... arguments)
      throws SQLException, IOException {
    return EndToEnd.run(
        Options.parse(arguments),
        arguments,
        new PrintStream(printed, true, UTF_8),
        new PrintStream(new ByteArrayOutputStream(), true, UTF_8));
  }

  private static void assertEqualSides(List<Result> results) {
    assertThat(results)
        .allSatisfy(
            result -> {
              assertThat(result.changes()).isPositive();
              assertThat(result.seconds()).isPositive();
              if (result.contender() != Contender.Name.RECEIVE) {
                assertThat(result.comparedTables()).isPositive();
              }
            });
  }

  private static String svg(Path file) throws Exception {
    DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file.toFile());
    return Files.readString(file);
  }
}
