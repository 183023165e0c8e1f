package io.bunnydb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Keeps the directions between packages, by the names that stand in the sources. */
final class ArchitectureTest {
  private static final int MAX_LINES = 500;
  private static final Path SOURCES = Path.of("src/main/java");
  private static final Set<String> DOORS =
      Set.of("Mirror", "MirrorBuilder", "MirrorHandle", "Mirrors", "TableHandle");

  /** Each may use those before it. The package {@code io.bunnydb} is the first and the last. */
  private static final List<String> ROWS =
      List.of(
          "values",
          "io.bunnydb.spi",
          "io.bunnydb.pgoutput",
          "io.bunnydb.internal.catalog",
          "io.bunnydb.internal.source",
          "io.bunnydb.internal.schema",
          "io.bunnydb.internal.apply",
          "io.bunnydb.internal.snapshot",
          "io.bunnydb.internal.verify",
          "io.bunnydb.internal.engine",
          "doors");

  // Also names that stand in the code in full, without an import; not those of Javadoc.
  private static final Pattern NAME =
      Pattern.compile("\\b(io\\.bunnydb(?:\\.[a-z]+)*)\\.([A-Z]\\w*)");
  private static final Pattern COMMENT = Pattern.compile("(?s)/\\*.*?\\*/|//[^\\n]*");
  private static final Pattern DOOR =
      Pattern.compile("\\b(Mirror|MirrorBuilder|MirrorHandle|Mirrors|TableHandle)\\b");
  private static final Pattern STRING =
      Pattern.compile("(?s)\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\\\n])*\"");

  @Test
  void importsGoUpwardsAlone() throws IOException {
    List<String> wrong = new ArrayList<>();
    for (Path file : sources()) {
      String type = file.getFileName().toString().replace(".java", "");
      int from = ROWS.indexOf(row(packageOf(file), type));
      assertThat(from).as("%s has no row", file).isNotNegative();
      for (MatchResult used : NAME.matcher(code(file)).results().toList()) {
        int to = ROWS.indexOf(row(used.group(1), used.group(2)));
        if (to < 0 || to > from) {
          wrong.add(file + " uses " + used.group());
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  /** Within {@code io.bunnydb} no import shows who uses whom. */
  @Test
  void valuesDoNotKnowTheDoors() throws IOException {
    List<String> wrong = new ArrayList<>();
    for (Path file : sources()) {
      String type = file.getFileName().toString().replace(".java", "");
      boolean isValue = row(packageOf(file), type).equals("values");
      if (isValue && DOOR.matcher(STRING.matcher(code(file)).replaceAll("")).find()) {
        wrong.add(file.toString());
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void decoderKnowsNoSqlAndNoLogger() throws IOException {
    for (Path file : sources()) {
      if (packageOf(file).equals("io.bunnydb.pgoutput")) {
        assertThat(code(file)).as("%s", file).doesNotContain("java.sql", "org.slf4j", "postgresql");
      }
    }
  }

  @Test
  void noFileIsTooLong() throws IOException {
    for (Path root : List.of(SOURCES, Path.of("src/test/java"))) {
      for (Path file : javaFiles(root)) {
        assertThat(Files.readAllLines(file)).as("%s", file).hasSizeLessThanOrEqualTo(MAX_LINES);
      }
    }
  }

  @Test
  void everyPackageTellsWhatItHolds() throws IOException {
    Set<Path> folders = new TreeSet<>();
    for (Path file : sources()) {
      folders.add(file.getParent());
    }
    assertThat(folders).hasSize(ROWS.size() - 1);
    for (Path folder : folders) {
      assertThat(folder.resolve("package-info.java"))
          .content()
          .contains("@NullMarked")
          .matches("(?s).*/\\*\\*.*\\S.*\\*/.*");
    }
  }

  private static String row(String packageName, String type) {
    if (packageName.equals("io.bunnydb")) {
      return DOORS.contains(type) ? "doors" : "values";
    }
    return packageName;
  }

  private static String packageOf(Path file) {
    return SOURCES.relativize(file.getParent()).toString().replace('/', '.').replace('\\', '.');
  }

  private static String code(Path file) throws IOException {
    return COMMENT.matcher(Files.readString(file)).replaceAll("");
  }

  /** The types of the module, which itself lies in no package. */
  private static List<Path> sources() throws IOException {
    return javaFiles(SOURCES).stream().filter(file -> !file.endsWith("module-info.java")).toList();
  }

  private static List<Path> javaFiles(Path root) throws IOException {
    assertThat(root).as("the working directory is the module's").isDirectory();
    try (Stream<Path> files = Files.walk(root)) {
      return files.filter(file -> file.toString().endsWith(".java")).sorted().toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
