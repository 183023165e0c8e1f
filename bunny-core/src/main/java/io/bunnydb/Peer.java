package io.bunnydb;

import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A named connection to a PostgreSQL database, the source or the destination of a mirror.
 *
 * <p>Immutable. Its text form never shows the password, nor the parameters of the URL.
 */
public final class Peer {
  private static final Pattern HOLDS_USER = Pattern.compile("jdbc:postgresql://[^/?]*@");

  private final String name;
  private final String url;
  private final String user;
  private final String password;

  private Peer(String name, String url, String user, String password) {
    this.name = name;
    this.url = url;
    this.user = user;
    this.password = password;
  }

  /**
   * A peer that is reached by a JDBC URL. TLS and other driver settings go into the URL.
   *
   * @param name the name under which status and errors show it
   * @param url a pgjdbc URL, {@code jdbc:postgresql://host:port/database?sslmode=verify-full}
   * @param user the role to connect as
   * @param password its password; empty where the server asks for none
   * @return the peer; no connection is made
   * @throws IllegalArgumentException if the name is blank or the URL is not a pgjdbc URL or holds a
   *     user
   */
  public static Peer of(String name, String url, String user, String password) {
    if (name.isBlank()) {
      throw new IllegalArgumentException("a peer's name is blank");
    }
    if (!url.startsWith("jdbc:postgresql:")) {
      throw new IllegalArgumentException(
          "peer " + name + ": the URL does not start with jdbc:postgresql:");
    }
    if (HOLDS_USER.matcher(url).lookingAt()) {
      throw new IllegalArgumentException(
          "peer "
              + name
              + ": the URL names a user before '@'; give user and password by themselves");
    }
    return new Peer(name, url, user, Objects.requireNonNull(password, "password"));
  }

  /** The name under which status and errors show this peer. */
  public String name() {
    return name;
  }

  /** The JDBC URL, parameters included; these may hold secrets. */
  public String url() {
    return url;
  }

  /** The role to connect as. */
  public String user() {
    return user;
  }

  /** The role's password. */
  public String password() {
    return password;
  }

  /** Name, role and the URL up to its parameters. */
  @Override
  public String toString() {
    int parameters = url.indexOf('?');
    return name
        + " ("
        + user
        + " at "
        + (parameters < 0 ? url : url.substring(0, parameters))
        + ")";
  }
}
