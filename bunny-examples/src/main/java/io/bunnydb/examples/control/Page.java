package io.bunnydb.examples.control;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.regex.Pattern;

/** The page that a browser shows, and its parts: files of the class path that anyone may read. */
final class Page {
  /** Where the parts are. */
  static final String FOLDER = "/page/";

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]+\\.([a-z0-9]+)");

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "svg", "image/svg+xml",
          "png", "image/png");

  private Page() {}

  /** Serves {@code /} and {@code /page/<file>}. */
  static void register(RoutesConfig routes) {
    routes.get("/", ctx -> serve(ctx, "index.html"));
    routes.get(FOLDER + "{file}", ctx -> serve(ctx, ctx.pathParam("file")));
  }

  private static void serve(Context ctx, String name) throws IOException {
    var matcher = NAME.matcher(name);
    String type = matcher.matches() ? TYPES.get(matcher.group(1)) : null;
    if (type == null) {
      throw Refusal.notFound("there is nothing at " + ctx.path());
    }
    try (InputStream file = Page.class.getResourceAsStream("page/" + name)) {
      if (file == null) {
        throw Refusal.notFound("there is nothing at " + ctx.path());
      }
      ctx.header("Cache-Control", "no-cache");
      ctx.contentType(type).result(file.readAllBytes());
    }
  }
}
