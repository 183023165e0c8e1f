package io.bunnydb.examples.control;

import java.util.Map;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Answers in JSON what the HTTP transport refuses before any route sees it, such as a malformed
 * URI.
 */
final class TransportErrors implements Request.Handler {
  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    response.getHeaders().put("Content-Type", "application/json");
    response.getHeaders().put("Cache-Control", "no-store");
    String error = "the request was refused with " + response.getStatus() + ", as it is malformed";
    Content.Sink.write(response, true, Json.write(Map.of("error", error)), callback);
    return true;
  }
}
