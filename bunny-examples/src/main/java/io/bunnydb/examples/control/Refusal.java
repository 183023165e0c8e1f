package io.bunnydb.examples.control;

/** A request that is answered with an error: a status code and what to tell. */
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;

  private Refusal(int status, String message) {
    super(message);
    this.status = status;
  }

  /** 401: no token, or a wrong one. */
  static Refusal unauthorized(String message) {
    return new Refusal(401, message);
  }

  /** 403: the token does not allow it. */
  static Refusal forbidden(String message) {
    return new Refusal(403, message);
  }

  /** 404: there is no such thing. */
  static Refusal notFound(String message) {
    return new Refusal(404, message);
  }

  /** 409: not in this state. */
  static Refusal conflict(String message) {
    return new Refusal(409, message);
  }

  /** 413: the body is too large. */
  static Refusal tooLarge(String message) {
    return new Refusal(413, message);
  }

  /** 503: a peer cannot be reached. */
  static Refusal unavailable(String message) {
    return new Refusal(503, message);
  }

  /** The HTTP status code. */
  int status() {
    return status;
  }
}
