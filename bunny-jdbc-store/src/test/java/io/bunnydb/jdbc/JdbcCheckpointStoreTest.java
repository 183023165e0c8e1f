package io.bunnydb.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What needs no database. */
final class JdbcCheckpointStoreTest {
  @Test
  void javadocShowsTheTablesAsTheyAreMade() throws IOException {
    String javadoc =
        Files.readString(Path.of("src/main/java/io/bunnydb/jdbc/JdbcCheckpointStore.java"))
            .replaceAll("(?m)^ *\\* ?", "");
    assertThat(
            Pattern.compile("CREATE [^;]+;")
                .matcher(JdbcCheckpointStore.ddl())
                .results()
                .map(MatchResult::group))
        .hasSize(3)
        .allSatisfy(statement -> assertThat(javadoc).contains(statement));
  }
}
