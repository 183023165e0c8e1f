package io.bunnydb.benchmarks.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class OptionsTest {

  @Test
  void withoutAWordEverythingIsMeasured() {
    Options options = Options.parse();

    assertThat(options.workloads()).contains("ins_1tx", "tpcb", "snapshot", "steady").hasSize(12);
    assertThat(options.rows()).isEqualTo(1_000_000);
    assertThat(options.pairs()).isEqualTo(5);
    assertThat(options.latency()).isZero();
    assertThat(options.source()).isEmpty();
  }

  @Test
  void takesALatency() {
    assertThat(Options.parse("--latency-millis", "20").latency()).hasMillis(20);
  }

  @Test
  void takesGivenServers() {
    Options options =
        Options.parse(
            "--source", "jdbc:postgresql://src:5433/app?sslmode=require",
            "--destination", "jdbc:postgresql://dst/app",
            "--user", "admin",
            "--password", "it's");

    assertThat(options.source().orElseThrow().named("other").url())
        .isEqualTo("jdbc:postgresql://src:5433/other?sslmode=require");
    assertThat(options.source().orElseThrow().conninfo())
        .isEqualTo("host='src' port='5433' dbname='app' user='admin' password='it\\'s'");
    assertThat(options.destination().orElseThrow().url())
        .isEqualTo("jdbc:postgresql://dst:5432/app");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --row 5                       | unknown option --row
          --rows                        | --rows needs a value
          --rows 0                      | --rows needs a whole number above 0, not '0'
          --latency-millis -1           | --latency-millis needs a whole number above -1, not '-1'
          --pairs many                  | --pairs needs a whole number above 0, not 'many'
          --rows 1 --rows 2             | --rows is given twice
          --workloads ins_1k,upd        | unknown workload 'upd'
          --source jdbc:postgresql://a/ | --source and --destination go together
          --user me                     | --user and --password are for
          --source mysql://a --destination mysql://b | --source needs a URL such as
          """)
  void refusesWhatItDoesNotUnderstand(String line, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Options.parse(line.split(" ")))
        .withMessageStartingWith(message);
  }
}
