package io.bunnydb.pgoutput;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What real servers sent is decoded to what was written down; needs no server. */
final class GoldenStreamTest {

  static List<GoldenRecording> recordings() {
    return GoldenRecording.ALL;
  }

  @ParameterizedTest
  @MethodSource("recordings")
  void decodesARecordedStream(GoldenRecording recording) throws IOException {
    assertThat(recording.render(recording.messages())).isEqualTo(recording.lines());
  }

  @ParameterizedTest
  @MethodSource("recordings")
  void holdsEveryKindOfMessage(GoldenRecording recording) throws IOException {
    Set<MessageKind> kinds = EnumSet.noneOf(MessageKind.class);
    PgOutputDecoder decoder = new PgOutputDecoder(recording.version());
    for (byte[] message : recording.messages()) {
      kinds.add(decoder.wrap(message, 0, message.length));
    }
    assertThat(kinds).isEqualTo(recording.kinds());
  }
}
