package io.bunnydb.examples.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.Peer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The configuration file. */
final class ControlConfigTest {
  @TempDir private Path folder;

  private ControlConfig read(String json) throws IOException {
    Path file = Files.writeString(folder.resolve("control.json"), json);
    return ControlConfig.read(file, Map.of("SECRET", "from the environment"));
  }

  private static String peer(String fields) {
    return "{\"name\": \"db\", \"url\": \"jdbc:postgresql://h/d\", \"user\": \"u\", "
        + fields
        + "}";
  }

  private static String peers(String... peers) {
    return "{\"peers\": [" + String.join(", ", peers) + "]}";
  }

  @Test
  void whatTheFileDoesNotSayHasItsDefault() throws IOException {
    ControlConfig config = read(peers(peer("\"password\": \"p\"")));
    assertThat(config.host()).isEqualTo("127.0.0.1");
    assertThat(config.port()).isEqualTo(8112);
    Peer peer = config.peers().get("db");
    assertThat(peer.url()).isEqualTo("jdbc:postgresql://h/d");
    assertThat(peer.user()).isEqualTo("u");
    assertThat(peer.password()).isEqualTo("p");
  }

  @Test
  void aPasswordMayBeInTheEnvironment() throws IOException {
    ControlConfig config =
        read(
            "{\"host\": \"0.0.0.0\", \"port\": 9, \"peers\": ["
                + peer("\"password_env\": \"SECRET\"")
                + "]}");
    assertThat(config.host()).isEqualTo("0.0.0.0");
    assertThat(config.port()).isEqualTo(9);
    assertThat(config.peers().get("db").password()).isEqualTo("from the environment");
    assertThat(config.toString()).doesNotContain("from the environment");
  }

  @Test
  void aMistakeIsToldByItsField() {
    Map<String, String> mistakes =
        Map.of(
            "{}",
            "peers: is missing",
            peers(peer("\"password_env\": \"NONE\"")),
            "peers[0].password_env: the environment has no variable NONE",
            peers(peer("\"x\": 1")),
            "peers[0].password: is missing",
            peers(peer("\"password\": \"p\", \"x\": 1")),
            "peers[0].x: is not a known field",
            peers(peer("\"password\": \"p\", \"password_env\": \"SECRET\"")),
            "peers[0].password: stands beside",
            peers(peer("\"password\": \"p\"").replace("jdbc:", "x:")),
            "peers[0].url: ",
            peers(peer("\"password\": \"p\""), peer("\"password\": \"q\"")),
            "peers: two have",
            "{\"port\": 70000, \"peers\": []}",
            "port: must be 0 to 65535");
    mistakes.forEach(
        (json, mistake) ->
            assertThatThrownBy(() -> read(json))
                .isInstanceOf(FieldException.class)
                .hasMessageContaining(mistake));
  }
}
