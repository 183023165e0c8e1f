package io.bunnydb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reading and writing names as SQL does. */
final class TableNameTest {

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '\'',
      value = {
        "public.users, public, users",
        "Public.USERS, public, users",
        "_a1.b$c, _a1, b$c",
        "\"Public\".\"T.x\", Public, T.x",
        "\"My Schema\".t, My Schema, t",
        "s.\"say \"\"hi\"\"\", s, say \"hi\"",
        "\"\"\"\".\"\"\"\"\"\", \", \"\"",
        "'\"a,b\".\";--\"', 'a,b', ;--",
        "größe.Ü, größe, ü",
      })
  void readsAsSqlDoes(String text, String schema, String name) {
    assertThat(TableName.parse(text)).isEqualTo(new TableName(schema, name));
  }

  @ParameterizedTest(name = "{index}")
  @ValueSource(
      strings = {
        "",
        ".",
        "users",
        "public.",
        ".users",
        "a.b.c",
        "a..b",
        "a .b",
        "a. b",
        " a.b",
        "a.b ",
        "\"a.b",
        "a.\"b",
        "a.\"b\"c",
        "\"a\"b.c",
        "\"\".a",
        "a.\"\"",
        "a.b;",
        "a.b--",
        "a.'b'",
        "a.\"b\0\"",
        "a.\"b\"\"",
        "a.b\n"
      })
  void refusesWhatIsNoQualifiedName(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> TableName.parse(text));
  }

  @Test
  void refusesEmptyParts() {
    assertThatIllegalArgumentException().isThrownBy(() -> new TableName("", "a"));
    assertThatIllegalArgumentException().isThrownBy(() -> new TableName("a", ""));
    assertThatIllegalArgumentException().isThrownBy(() -> new TableName("a", "\0"));
  }

  @Test
  void quotesForSqlAlways() {
    assertThat(new TableName("public", "users").toSql()).isEqualTo("\"public\".\"users\"");
    assertThat(new TableName("a\"b", "c.d").toSql()).isEqualTo("\"a\"\"b\".\"c.d\"");
  }

  @Test
  void quotesForPeopleWhereNeeded() {
    assertThat(new TableName("public", "a_1$")).hasToString("public.a_1$");
    assertThat(new TableName("Public", "1a")).hasToString("\"Public\".\"1a\"");
    assertThat(new TableName("a b", "c\"d")).hasToString("\"a b\".\"c\"\"d\"");
  }

  @Test
  void bothTextFormsReadBackAsTheSameName() {
    Random random = new Random(4711);
    String letters = "ab_$19AZ.\" ;'\\-üÜ\t";
    for (int i = 0; i < 20_000; i++) {
      TableName name = new TableName(word(random, letters), word(random, letters));
      assertThat(TableName.parse(name.toSql())).isEqualTo(name);
      assertThat(TableName.parse(name.toString())).isEqualTo(name);
    }
  }

  private static String word(Random random, String letters) {
    StringBuilder word = new StringBuilder();
    for (int i = random.nextInt(8); i >= 0; i--) {
      word.append(letters.charAt(random.nextInt(letters.length())));
    }
    return word.toString();
  }

  @Test
  void ordersBySchemaThenName() {
    TableName first = new TableName("a", "z");
    TableName second = new TableName("b", "a");
    TableName third = new TableName("b", "b");
    assertThat(List.of(third, first, second).stream().sorted())
        .containsExactly(first, second, third);
    assertThat(first.compareTo(new TableName("a", "z"))).isZero();
  }
}
