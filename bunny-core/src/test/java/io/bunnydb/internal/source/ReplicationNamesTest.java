package io.bunnydb.internal.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two mirrors never share a slot, and PostgreSQL takes each name. */
final class ReplicationNamesTest {

  @Test
  void keepsNamesThatFit() {
    assertThat(ReplicationNames.slot("prod_to_staging")).isEqualTo("bunny_prod_to_staging");
    assertThat(ReplicationNames.publication("prod_2")).isEqualTo("bunny_pub_prod_2");
    String longest = "x".repeat(57);
    assertThat(ReplicationNames.slot(longest)).isEqualTo("bunny_" + longest);
    assertThat(ReplicationNames.slot(longest + "x")).isNotEqualTo("bunny_" + longest + "x");
  }

  @Test
  void staysTheSameForEver() {
    // A name that changed with a release would leave the slot of the last one behind.
    assertThat(ReplicationNames.slot("Prod to Staging"))
        .isEqualTo("bunny_prod_to_staging__c8312c733fc03955");
    assertThat(ReplicationNames.publication("Prod to Staging"))
        .isEqualTo("bunny_pub_prod_to_staging__c8312c733fc03955");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a b", "A", "ünïcode", "日本語", "x'; DROP", "a\"b", "-", "𝄞𝄞𝄞", "İstanbul", "__"})
  void makesOthersFit(String mirror) {
    for (String name :
        List.of(
            ReplicationNames.slot(mirror),
            ReplicationNames.publication(mirror),
            ReplicationNames.slot(mirror.repeat(40)),
            ReplicationNames.publication(mirror.repeat(40)))) {
      assertThat(name).startsWith("bunny_").matches("[a-z0-9_]+");
      assertThat(name.getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(63);
    }
  }

  @Test
  void tellsAllMirrorsApart() {
    String marked = ReplicationNames.slot("A b").substring("bunny_".length());
    Map<String, String> owners = new HashMap<>();
    for (String mirror :
        List.of(
            "a b",
            "a_b",
            "A b",
            "A_b",
            "A_B",
            "a-b",
            "a.b",
            "a  b",
            marked,
            "x".repeat(57),
            "x".repeat(58),
            "x".repeat(59),
            "X".repeat(57),
            "pub_a",
            "pub_a_b",
            "x".repeat(199) + "y",
            "x".repeat(199) + "z",
            "é",
            "è")) {
      assertThat(owners.put(ReplicationNames.slot(mirror), mirror)).as(mirror).isNull();
    }
    owners.clear();
    for (String mirror : List.of("a b", "a_b", "A b", "x".repeat(53), "x".repeat(54), marked)) {
      assertThat(owners.put(ReplicationNames.publication(mirror), mirror)).as(mirror).isNull();
    }
  }
}
