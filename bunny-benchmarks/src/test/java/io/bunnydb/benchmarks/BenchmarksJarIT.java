package io.bunnydb.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The jar that the benchmarks are run from. */
final class BenchmarksJarIT {
  private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

  @Test
  void listsEachBenchmark() throws Exception {
    assertThat(run("-l"))
        .contains(
            "DecoderBenchmark.flyweights\n",
            "DecoderBenchmark.flyweightsToStrings\n",
            "DecoderBenchmark.passOverBytes\n",
            "DecoderBenchmark.stringPerColumn\n");
  }

  @Test
  void runsABenchmarkWithTheGarbageProfiler() throws Exception {
    assertThat(
            run(
                "DecoderBenchmark.flyweights$",
                "-f",
                "1",
                "-wi",
                "0",
                "-i",
                "1",
                "-r",
                "1ms",
                "-foe",
                "true",
                "-prof",
                "gc"))
        .containsPattern("DecoderBenchmark.flyweights +avgt .* ns/op")
        .containsPattern("DecoderBenchmark.flyweights:.*gc.alloc.rate.norm +avgt .* B/op");
  }

  private static String run(String... arguments) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(List.of(JAVA.toString(), "-jar", "target/benchmarks.jar"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output.replace(System.lineSeparator(), "\n");
  }
}
