package io.bunnydb.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.ErrorKind;
import io.bunnydb.Lsn;
import io.bunnydb.MirrorFailure;
import io.bunnydb.TableName;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class KeptFailureTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  @Test
  void isReadAsItWasWritten() {
    MirrorFailure failure =
        new MirrorFailure(
            ErrorKind.CONSTRAINT,
            "mirror 'm', table \"a]\".b: [it]\nfailed",
            TableName.parse("\"a]\".b"),
            Lsn.parse("1/1A2B"),
            "23505",
            Instant.parse("2026-11-26T08:21:03.123456Z"),
            1,
            null);
    assertThat(KeptFailure.parse(KeptFailure.toText(failure), START)).isEqualTo(failure);
    MirrorFailure bare =
        new MirrorFailure(ErrorKind.SCHEMA, "words", null, null, null, START, 1, null);
    assertThat(KeptFailure.parse(KeptFailure.toText(bare), START)).isEqualTo(bare);
  }

  @Test
  void keepsTheWordsOfATextInAnotherForm() {
    for (String text : new String[] {"words", "[NEWS since 2027-01-01T00:00:00Z] words"}) {
      assertThat(KeptFailure.parse(text, START))
          .isEqualTo(
              new MirrorFailure(ErrorKind.REFUSED, "words", null, null, null, START, 1, null));
    }
    assertThat(KeptFailure.read("m", "words", START).failure().message())
        .isEqualTo("mirror 'm': paused by an error before this start: words");
  }
}
