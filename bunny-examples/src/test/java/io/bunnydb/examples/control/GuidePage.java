package io.bunnydb.examples.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The commands of {@code docs/control-server.md}, each with the answer that the page shows. */
final class GuidePage {
  private static final Path PAGE = Path.of("..", "docs", "control-server.md");
  private static final String FENCE = "```";

  private GuidePage() {}

  /**
   * A block of the page.
   *
   * @param section the heading that it stands under
   * @param language what stands behind its fence: {@code bash}, {@code json}, {@code sql}
   * @param text what is in it
   * @param line the line that it begins at
   */
  record Block(String section, String language, String text, int line) {}

  /** All blocks in their order. */
  static List<Block> blocks() throws IOException {
    List<Block> blocks = new ArrayList<>();
    List<String> lines = Files.readAllLines(PAGE);
    String section = "";
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (line.startsWith("#")) {
        section = line.replaceFirst("^#+ ", "");
      } else if (line.startsWith(FENCE)) {
        int from = i + 1;
        do {
          i++;
        } while (!lines.get(i).equals(FENCE));
        blocks.add(
            new Block(
                section,
                line.substring(FENCE.length()),
                String.join("\n", lines.subList(from, i)) + "\n",
                from + 1));
      }
    }
    return blocks;
  }
}
