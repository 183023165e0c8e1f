package io.bunnydb.benchmarks.endtoend;

import java.util.Locale;

/** A drawing that grows shape by shape. Not thread-safe. */
final class Svg {
  private final StringBuilder shapes = new StringBuilder();
  private final int width;
  private final int height;

  /** An empty drawing; all measures are pixels from its upper left corner. */
  Svg(int width, int height) {
    this.width = width;
    this.height = height;
  }

  /** Adds a filled rectangle. */
  void bar(double x, double y, double width, double height, String colour) {
    add(
        "<rect x='%.1f' y='%.1f' width='%.1f' height='%.1f' fill='%s'/>",
        x, y, width, height, colour);
  }

  /** Adds a thin line. */
  void line(double x1, double y1, double x2, double y2, String colour) {
    add("<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='%s'/>", x1, y1, x2, y2, colour);
  }

  /**
   * Adds a line of text.
   *
   * @param anchor which part of the text stands at the point: start, middle or end
   */
  void text(double x, double y, String anchor, String text) {
    String escaped = text.replace("&", "&amp;").replace("<", "&lt;");
    add("<text x='%.1f' y='%.1f' text-anchor='%s'>%s</text>", x, y, anchor, escaped);
  }

  /** The drawing as a file's text. */
  @Override
  public String toString() {
    return "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' width='%d' height='%d' font-family='sans-serif' font-size='12'>%n"
            .formatted(width, height, width, height)
        + "<rect width='100%' height='100%' fill='white'/>\n"
        + shapes
        + "</svg>\n";
  }

  private void add(String format, Object... values) {
    shapes.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
