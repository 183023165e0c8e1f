package io.bunnydb.examples.control;

import io.bunnydb.MirrorException;
import io.bunnydb.PeerConnectionException;
import io.bunnydb.SlotLostException;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns what was thrown into {@code {"error": "..."}}, without passwords and stack traces: those of
 * the unexpected are in the server's log alone.
 */
final class ErrorAnswers {
  private static final Logger LOG = LoggerFactory.getLogger(ErrorAnswers.class);

  private ErrorAnswers() {}

  /** Answers all errors of a server. */
  static void register(RoutesConfig routes) {
    routes.exception(Refusal.class, (e, ctx) -> answer(ctx, e.status(), text(e)));
    routes.exception(FieldException.class, (e, ctx) -> answer(ctx, 400, text(e)));
    routes.exception(PeerConnectionException.class, (e, ctx) -> answer(ctx, 503, text(e)));
    routes.exception(SlotLostException.class, (e, ctx) -> answer(ctx, 409, cure(e)));
    routes.exception(MirrorException.class, (e, ctx) -> answer(ctx, 409, text(e)));
    routes.exception(HttpResponseException.class, ErrorAnswers::answerHttp);
    routes.exception(Exception.class, ErrorAnswers::answerUnexpected);
  }

  /** Answers with an error. */
  static void answer(Context ctx, int status, String error) {
    if (status == 401) {
      ctx.header("WWW-Authenticate", "Bearer");
    }
    ctx.status(status);
    MirrorRoutes.answer(ctx, Map.of("error", error));
  }

  private static String text(Exception e) {
    return String.valueOf(e.getMessage());
  }

  private static String cure(SlotLostException e) {
    String mirror = "/v1/mirrors/" + e.mirror();
    return text(e)
        + " (here: DELETE "
        + mirror
        + ", empty the destination's tables, and POST /v1/mirrors with the mirror's configuration)";
  }

  /** What the HTTP library refuses: unknown paths, methods, bodies that are too large. */
  private static void answerHttp(HttpResponseException e, Context ctx) {
    if (e.getStatus() == 404) {
      answer(ctx, 404, "there is nothing at " + ctx.path());
    } else if (e.getStatus() == 405) {
      String allowed = String.join(", ", e.getDetails().values());
      ctx.header("Allow", allowed);
      answer(ctx, 405, ctx.path() + " takes " + allowed + " alone");
    } else {
      answer(ctx, e.getStatus(), text(e).toLowerCase(Locale.ROOT));
    }
  }

  private static void answerUnexpected(Exception e, Context ctx) {
    String id = UUID.randomUUID().toString();
    LOG.error("an unexpected error, {}, at {} {}", id, ctx.method(), ctx.path(), e);
    answer(ctx, 500, "an unexpected error; the server's log tells more of it, as " + id);
  }
}
