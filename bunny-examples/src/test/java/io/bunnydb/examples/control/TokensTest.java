package io.bunnydb.examples.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.examples.control.Tokens.Access;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where tokens come from, and what each allows. */
final class TokensTest {
  private static final String ADMIN = "an-admin-token-of-some-length";
  private static final String READ_ONLY = "a-read-only-token-of-some-length";

  @TempDir private Path folder;

  @Test
  void eachTokenAllowsWhatItShould() {
    Tokens tokens = Tokens.of(ADMIN, READ_ONLY);
    assertThat(tokens.accessOf("Bearer " + ADMIN)).isEqualTo(Access.ADMIN);
    assertThat(tokens.accessOf("BEARER " + READ_ONLY)).isEqualTo(Access.READ);
    assertThat(tokens.accessOf("Bearer " + ADMIN + "x")).isEqualTo(Access.NONE);
    assertThat(tokens.accessOf("Bearer " + ADMIN.substring(1))).isEqualTo(Access.NONE);
    assertThat(tokens.accessOf("Bearer ")).isEqualTo(Access.NONE);
    assertThat(tokens.accessOf(null)).isEqualTo(Access.NONE);
    Tokens adminAlone = Tokens.of(ADMIN, null);
    assertThat(adminAlone.accessOf("Bearer " + ADMIN)).isEqualTo(Access.ADMIN);
    assertThat(adminAlone.accessOf("Bearer ")).isEqualTo(Access.NONE);
    assertThat(tokens.toString()).doesNotContain(ADMIN, READ_ONLY);
  }

  @Test
  void theEnvironmentHoldsThemOrNamesTheirFiles() throws IOException {
    Path file = Files.writeString(folder.resolve("token"), READ_ONLY + "\n");
    Tokens tokens =
        Tokens.ofEnvironment(
            Map.of("BUNNY_ADMIN_TOKEN", ADMIN, "BUNNY_READ_TOKEN_FILE", file.toString()));
    assertThat(tokens.accessOf("Bearer " + ADMIN)).isEqualTo(Access.ADMIN);
    assertThat(tokens.accessOf("Bearer " + READ_ONLY)).isEqualTo(Access.READ);
  }

  @Test
  void badTokensAreRefusedAndNotShown() {
    assertThatThrownBy(() -> Tokens.ofEnvironment(Map.of()))
        .hasMessageContaining("BUNNY_ADMIN_TOKEN");
    assertThatThrownBy(() -> Tokens.ofEnvironment(Map.of("BUNNY_ADMIN_TOKEN_FILE", "/none")))
        .hasMessageContaining("/none");
    assertThatThrownBy(() -> Tokens.of("short", null))
        .hasMessageContaining("at least 16")
        .message()
        .doesNotContain("\"short\"");
    assertThatThrownBy(() -> Tokens.of(ADMIN, "with a space in the middle"))
        .hasMessageContaining("read-only token");
    assertThatThrownBy(() -> Tokens.of(ADMIN, ADMIN)).hasMessageContaining("is the admin token");
  }

  @Test
  void aRandomTokenIsLongAndNew() {
    assertThat(Tokens.random()).matches("[0-9a-f]{48}").isNotEqualTo(Tokens.random());
  }
}
