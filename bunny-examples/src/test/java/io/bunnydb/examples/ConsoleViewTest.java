package io.bunnydb.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

class ConsoleViewTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  @Test
  void replacesTheLiveLineInATerminal() {
    ConsoleView view = view(true);
    view.live("a longer text");
    view.live("short");
    view.say("done");
    assertThat(shown()).isEqualTo("\r    a longer text\r    short        \n    done\n");
  }

  @Test
  void showsFirstAndLastLiveTextOutsideOfATerminal() {
    ConsoleView view = view(false);
    view.live("first");
    view.live("second");
    view.live("third");
    view.phase("Next");
    assertThat(shown()).isEqualTo("    first\n    third\n\n 1  Next\n");
  }

  @Test
  void showsASingleLiveTextOnceOutsideOfATerminal() {
    ConsoleView view = view(false);
    view.live("only");
    view.say("done");
    view.say("and done");
    assertThat(shown()).isEqualTo("    only\n    done\n    and done\n");
  }

  @Test
  void isSilentAfterTheFarewell() {
    ConsoleView view = view(true);
    view.live("live");
    view.farewell("bye");
    view.phase("too late");
    view.live("too late");
    assertThat(shown()).isEqualTo("\r    live\n    bye\n");
  }

  @Test
  void drawsABar() {
    assertThat(ConsoleView.bar(0)).isEqualTo("[" + "-".repeat(24) + "]");
    assertThat(ConsoleView.bar(0.25)).isEqualTo("[" + "#".repeat(6) + "-".repeat(18) + "]");
    assertThat(ConsoleView.bar(1)).isEqualTo("[" + "#".repeat(24) + "]");
  }

  @Test
  void writesNumbersForPeople() {
    assertThat(ConsoleView.count(1_234_567)).isEqualTo("1,234,567");
    assertThat(ConsoleView.size(12_340)).isEqualTo("12.3 kB");
    assertThat(ConsoleView.size(12_340_000)).isEqualTo("12.3 MB");
    assertThat(ConsoleView.seconds(1.26)).isEqualTo("1.3 s");
  }

  private ConsoleView view(boolean terminal) {
    return new ConsoleView(new PrintStream(bytes, true, UTF_8), terminal);
  }

  private String shown() {
    return bytes.toString(UTF_8).replace(System.lineSeparator(), "\n");
  }
}
