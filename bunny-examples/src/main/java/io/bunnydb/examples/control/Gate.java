package io.bunnydb.examples.control;

import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;

/**
 * Lets a request through or refuses it, by its token; the page and {@code /health} are for all.
 *
 * <p>It sees every request first, also those of paths that there are not.
 */
final class Gate implements Handler {
  /** The answer's header that tells what the token may do, so that the page need not try. */
  private static final String ACCESS = "Bunny-Access";

  private final Tokens tokens;

  Gate(Tokens tokens) {
    this.tokens = tokens;
  }

  @Override
  public void handle(Context ctx) {
    ctx.header("Cache-Control", "no-store");
    ctx.header("X-Content-Type-Options", "nosniff");
    ctx.header("Referrer-Policy", "no-referrer");
    ctx.header("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'");
    if (isForAll(ctx.path())) {
      return;
    }
    switch (tokens.accessOf(ctx.header("Authorization"))) {
      case NONE ->
          throw Refusal.unauthorized(
              "a token is needed, as in the header Authorization: Bearer YOUR_TOKEN");
      case READ -> {
        ctx.header(ACCESS, "read-only");
        if (!isQuestion(ctx)) {
          throw Refusal.forbidden("this token may only look; commands need the admin token");
        }
      }
      case ADMIN -> ctx.header(ACCESS, "admin");
    }
  }

  private static boolean isForAll(String path) {
    return path.equals("/health") || path.equals("/") || path.startsWith(Page.FOLDER);
  }

  private static boolean isQuestion(Context ctx) {
    return ctx.method().equals(HandlerType.GET) || ctx.method().equals(HandlerType.HEAD);
  }
}
