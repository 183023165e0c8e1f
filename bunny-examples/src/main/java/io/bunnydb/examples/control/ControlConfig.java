package io.bunnydb.examples.control;

import io.bunnydb.Peer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where the server listens, and the databases that it may mirror.
 *
 * <p>Immutable. As a file it is JSON:
 *
 * <pre>{@code
 * {
 *   "host": "127.0.0.1",
 *   "port": 8112,
 *   "peers": [
 *     {"name": "source_db", "url": "jdbc:postgresql://src:5432/app", "user": "bunny",
 *      "password_env": "SOURCE_PASSWORD"},
 *     {"name": "dest_db", "url": "jdbc:postgresql://dst:5432/app", "user": "bunny",
 *      "password": "secret"}
 *   ]
 * }
 * }</pre>
 *
 * @param host the address to listen at; 127.0.0.1 where the file does not say
 * @param port the port to listen at; 8112 where the file does not say, 0 for any that is free
 * @param peers the databases, by their names
 */
public record ControlConfig(String host, int port, Map<String, Peer> peers) {
  /** This machine alone. */
  public static final String DEFAULT_HOST = "127.0.0.1";

  /** The port that the documentation uses. */
  public static final int DEFAULT_PORT = 8112;

  /** Copies the map, keeping its order. */
  public ControlConfig {
    peers = Collections.unmodifiableMap(new LinkedHashMap<>(peers));
  }

  /**
   * A configuration of some peers, for this machine alone.
   *
   * @param port the port to listen at, 0 for any that is free
   * @param peers the databases
   * @throws IllegalArgumentException if two have the same name
   */
  public static ControlConfig of(int port, List<Peer> peers) {
    return new ControlConfig(DEFAULT_HOST, port, byName(peers));
  }

  /**
   * Reads a file.
   *
   * @param environment where passwords are that the file does not hold
   * @throws IOException if it cannot be read
   * @throws IllegalArgumentException if it is malformed; the message names the field
   */
  public static ControlConfig read(Path file, Map<String, String> environment) throws IOException {
    Fields fields = Fields.read(Files.readAllBytes(file));
    String host = fields.textOrNull("host");
    int port = fields.number("port", DEFAULT_PORT);
    if (port < 0 || port > 65_535) {
      throw new FieldException("port", "must be 0 to 65535");
    }
    List<Peer> peers = new ArrayList<>();
    for (Fields peer : fields.objects("peers")) {
      peers.add(readPeer(peer, environment));
    }
    fields.refuseOthers();
    return new ControlConfig(host == null ? DEFAULT_HOST : host, port, byName(peers));
  }

  private static Peer readPeer(Fields fields, Map<String, String> environment) {
    String name = fields.text("name");
    String url = fields.text("url");
    String user = fields.text("user");
    String password = readPassword(fields, environment);
    fields.refuseOthers();
    try {
      return Peer.of(name, url, user, password);
    } catch (IllegalArgumentException e) {
      throw new FieldException(fields.nameOf("url"), String.valueOf(e.getMessage()));
    }
  }

  private static String readPassword(Fields fields, Map<String, String> environment) {
    String variable = fields.textOrNull("password_env");
    if (variable == null) {
      return fields.text("password");
    }
    if (fields.has("password")) {
      throw new FieldException(fields.nameOf("password"), "stands beside password_env; keep one");
    }
    String password = environment.get(variable);
    if (password == null) {
      throw new FieldException(
          fields.nameOf("password_env"), "the environment has no variable " + variable);
    }
    return password;
  }

  private static Map<String, Peer> byName(List<Peer> peers) {
    Map<String, Peer> named = new LinkedHashMap<>();
    for (Peer peer : peers) {
      if (named.put(peer.name(), peer) != null) {
        throw new FieldException("peers", "two have the name " + peer.name());
      }
    }
    return named;
  }
}
