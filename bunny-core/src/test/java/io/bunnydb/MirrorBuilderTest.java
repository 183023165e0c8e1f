package io.bunnydb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.bunnydb.spi.CheckpointStore;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the builder refuses by itself, before there is a connection. */
final class MirrorBuilderTest {
  // Nothing listens on port 1: whatever would connect fails.
  private static final Peer SOURCE =
      Peer.of("src", "jdbc:postgresql://127.0.0.1:1/app", "bunny", "secret");
  private static final Peer DESTINATION =
      Peer.of("dst", "jdbc:postgresql://127.0.0.1:1/copy", "bunny", "secret");

  private static MirrorBuilder complete() {
    return Mirror.builder("m")
        .source(SOURCE)
        .destination(DESTINATION)
        .checkpointStore(CheckpointStore.inMemory());
  }

  @Test
  void buildsWithoutConnection() {
    assertThat(complete().table("public.a").build().name()).isEqualTo("m");
  }

  @ParameterizedTest(name = "{index}")
  @ValueSource(strings = {"", " ", "\t", "line\nbreak", "nul\0", "\u0085next line"})
  void refusesUnprintableMirrorName(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Mirror.builder(name))
        .withMessageContaining("1 to 200 printable characters")
        .withMessageContaining('"' + name + '"');
  }

  @Test
  void limitsLengthOfMirrorName() {
    assertThatCode(() -> Mirror.builder("x".repeat(200))).doesNotThrowAnyException();
    assertThatIllegalArgumentException().isThrownBy(() -> Mirror.builder("x".repeat(201)));
  }

  @Test
  void refusesWhatIsMissing() {
    assertThatIllegalStateException()
        .isThrownBy(() -> Mirror.builder("m").build())
        .withMessage("mirror 'm' has no source");
    assertThatIllegalStateException()
        .isThrownBy(() -> Mirror.builder("m").source(SOURCE).build())
        .withMessage("mirror 'm' has no destination");
    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                Mirror.builder("m")
                    .source(SOURCE)
                    .destination(DESTINATION)
                    .table("public.a")
                    .build())
        .withMessage("mirror 'm' has no checkpointStore");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> complete().build())
        .withMessage("mirror 'm' has no table");
  }

  @Test
  void refusesTableMappedTwice() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                complete()
                    .table("public.a")
                    .table(TableMapping.from("PUBLIC.\"a\"").to("other.a"))
                    .build())
        .withMessage("mirror 'm' maps table public.a twice");
  }

  @Test
  void refusesTwoTablesIntoOne() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                complete()
                    .tables(
                        TableMapping.from("public.a").to("sales.c"),
                        TableMapping.from("public.b").to("\"sales\".C"))
                    .build())
        .withMessage("mirror 'm' maps two tables to destination table sales.c");
  }

  @Test
  void tellsTablesApartByCase() {
    assertThatCode(() -> complete().table("public.a").table("public.\"A\"").build())
        .doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"users", "a.b.c", "public.", ".users", "public.a b", "public.\"a", "", "a;b.c"})
  void refusesMalformedTableName(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> complete().table(name))
        .withMessageContaining("public.users")
        .withMessageContaining(name);
    assertThatIllegalArgumentException().isThrownBy(() -> TableMapping.from("public.a").to(name));
  }

  @Test
  void refusesBlankFilterAndPartitionKey() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TableMapping.from("public.a").where(" "))
        .withMessage("row filter of public.a is blank");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TableMapping.from("public.a").partitionKey(""))
        .withMessage("partition key of public.a is blank");
  }

  @Test
  void limitsNamesOfSlotAndPublication() {
    String longest = "é".repeat(31) + "x";
    assertThatCode(() -> complete().slot(longest).publication(longest)).doesNotThrowAnyException();
    for (String name : new String[] {"", longest + "x"}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> complete().slot(name))
          .withMessageContaining("name of a slot has 1 to 63 bytes");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> complete().publication(name))
          .withMessageContaining("name of a publication has 1 to 63 bytes");
    }
  }

  @Test
  void limitsSizes() {
    assertThatCode(() -> complete().maxBatchBytes(64 << 10).maxBatchBytes(256 << 20))
        .doesNotThrowAnyException();
    for (int bytes : new int[] {-1, 0, (64 << 10) - 1, (256 << 20) + 1}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> complete().maxBatchBytes(bytes))
          .withMessageEndingWith("not " + bytes);
    }
    assertThatCode(() -> complete().snapshotTablesInParallel(1).snapshotTablesInParallel(64))
        .doesNotThrowAnyException();
    for (int tables : new int[] {-1, 0, 65}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> complete().snapshotTablesInParallel(tables))
          .withMessageEndingWith("not " + tables);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> complete().snapshotMaxParallelWorkers(tables))
          .withMessageEndingWith("not " + tables);
    }
    assertThatCode(() -> complete().snapshotMaxParallelWorkers(64).snapshotRowsPerPartition(1))
        .doesNotThrowAnyException();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> complete().snapshotRowsPerPartition(0))
        .withMessageEndingWith("not 0");
  }

  @Test
  void limitsPausesAndHeartbeats() {
    Duration instant = Duration.ofNanos(1);
    assertThatCode(
            () ->
                complete()
                    .pausePolicy(instant, 1, PauseAction.ALERT)
                    .heartbeat(Duration.ofSeconds(1))
                    .heartbeat(Duration.ZERO))
        .doesNotThrowAnyException();
    for (Duration none : new Duration[] {Duration.ZERO, instant.negated()}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> complete().pausePolicy(none, 1, PauseAction.ALERT))
          .withMessageEndingWith("not " + none);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> complete().pausePolicy(instant, 0, PauseAction.ALERT))
        .withMessageEndingWith("not 0");
    for (Duration wrong : new Duration[] {Duration.ofMillis(999), Duration.ofSeconds(-1)}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> complete().heartbeat(wrong))
          .withMessageEndingWith("not " + wrong);
    }
  }

  @Test
  void refusesPeersThatCannotBe() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Peer.of(" ", "jdbc:postgresql://h/d", "u", "p"))
        .withMessage("a peer's name is blank");
    for (String url : new String[] {"", "postgresql://h/d", "jdbc:mysql://h/d?password=hush"}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Peer.of("src", url, "u", "p"))
          .withMessage("peer src: the URL does not start with jdbc:postgresql:");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Peer.of("src", "jdbc:postgresql://u:hush@h/d", "u", "p"))
        .withMessage(
            "peer src: the URL names a user before '@'; give user and password by themselves");
    assertThatCode(() -> Peer.of("src", "jdbc:postgresql://h/d@home?options=a@b", "u", "p"))
        .doesNotThrowAnyException();
  }

  @Test
  void peerShowsNeitherPasswordNorParameters() {
    assertThat(Peer.of("src", "jdbc:postgresql://h:1/d?sslpassword=hush", "bunny", "secret"))
        .hasToString("src (bunny at jdbc:postgresql://h:1/d)");
  }
}
