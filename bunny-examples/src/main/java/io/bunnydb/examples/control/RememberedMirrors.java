package io.bunnydb.examples.control;

import io.bunnydb.Peer;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The mirrors that the peers remember: the requests that made them, and their checkpoints.
 *
 * <p>Thread-safe.
 */
final class RememberedMirrors {
  private static final Logger LOG = LoggerFactory.getLogger(RememberedMirrors.class);

  private final Map<String, Peer> peers;

  /** Peers that could not be read yet, each with the reason. */
  private final Map<String, String> unread = new ConcurrentHashMap<>();

  RememberedMirrors(Map<String, Peer> peers) {
    this.peers = peers;
    peers.keySet().forEach(peer -> unread.put(peer, "not read yet"));
  }

  /** Which peers cannot be read, to stand behind a sentence; empty if all have been. */
  String hintOfUnread() {
    return unread.isEmpty()
        ? ""
        : "; but these peers, which may know it, cannot be read: " + unread;
  }

  /**
   * Whether the destination has a checkpoint of a request's name, of this server or of anyone.
   *
   * @throws Refusal if it cannot be asked
   */
  boolean isRemembered(CreateRequest request) {
    Peer destination = peers.get(request.destinationPeer());
    if (destination == null) {
      return false;
    }
    try (Connection connection = Connections.open(destination)) {
      return JdbcCheckpointStore.inDestination().mirrors(connection).contains(request.name());
    } catch (SQLException e) {
      throw Refusal.unavailable(
          "peer " + destination.name() + " cannot be asked for its mirrors: " + e.getMessage());
    }
  }

  /** Reads the peers that have not been read yet. */
  void readUnread(BiConsumer<Peer, CreateRequest> found) {
    for (Peer peer : peers.values()) {
      if (unread.containsKey(peer.name())) {
        read(peer, found);
      }
    }
  }

  private void read(Peer peer, BiConsumer<Peer, CreateRequest> found) {
    try (Connection connection = Connections.open(peer)) {
      RequestTable.read(connection).forEach((name, json) -> readOne(peer, name, json, found));
      unread.remove(peer.name());
    } catch (SQLException e) {
      String reason = String.valueOf(e.getMessage());
      boolean isNews = !reason.equals(unread.put(peer.name(), reason));
      if (isNews && !Thread.currentThread().isInterrupted()) { // as closing does
        LOG.warn("peer {} cannot be read for the mirrors that it remembers: {}", peer, reason);
      }
    }
  }

  private void readOne(Peer peer, String name, String json, BiConsumer<Peer, CreateRequest> found) {
    try {
      CreateRequest request = CreateRequest.ofJson(json);
      // By another name of the same database it is found, too.
      if (request.destinationPeer().equals(peer.name())
          || !peers.containsKey(request.destinationPeer())) {
        found.accept(peer, request);
      }
    } catch (FieldException e) {
      LOG.error(
          "mirror '{}' is left alone, its request on peer {} cannot be read: {}",
          name,
          peer,
          e.getMessage());
    }
  }
}
