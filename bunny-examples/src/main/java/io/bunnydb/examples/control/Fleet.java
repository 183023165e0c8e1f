package io.bunnydb.examples.control;

import io.bunnydb.Mirror;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorHandle;
import io.bunnydb.Mirrors;
import io.bunnydb.Peer;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The mirrors of this server: those that run, and those that it knows but could not start yet,
 * which it tries again every few seconds.
 *
 * <p>Thread-safe.
 */
final class Fleet implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Fleet.class);
  private static final Duration BETWEEN_ATTEMPTS = Duration.ofSeconds(5);

  private final Map<String, Peer> peers;
  private final Mirrors mirrors = new Mirrors();
  private final Map<String, Member> members = new ConcurrentSkipListMap<>();

  /** Peers that may remember mirrors and could not be read yet, each with the reason. */
  private final Map<String, String> unread = new ConcurrentHashMap<>();

  private final ScheduledExecutorService starter =
      Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "control-starter"));

  /** A mirror that this server knows. */
  static final class Member {
    private final CreateRequest request;
    private final EventLog events = new EventLog();
    private volatile @Nullable String problem;
    private volatile boolean hasStarted;

    private Member(CreateRequest request) {
      this.request = request;
    }

    /** What it was asked to be. */
    CreateRequest request() {
      return request;
    }

    /** What happened to it. */
    EventLog events() {
      return events;
    }

    /** Why it could not be started; null for one that runs, or is being made or deleted. */
    @Nullable String problem() {
      return problem;
    }
  }

  Fleet(Map<String, Peer> peers) {
    this.peers = peers;
    peers.keySet().forEach(peer -> unread.put(peer, "not read yet"));
  }

  /** Finds the mirrors that the peers remember, and starts them. */
  void start() {
    startMissing();
    // It catches what it meets, so nobody has to ask for what becomes of it.
    var unused =
        starter.scheduleWithFixedDelay(
            this::startMissing,
            BETWEEN_ATTEMPTS.toMillis(),
            BETWEEN_ATTEMPTS.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  // ---- for the routes ----

  /** All mirrors, by name. */
  List<Member> members() {
    return List.copyOf(members.values());
  }

  /**
   * One mirror.
   *
   * @throws Refusal if there is none of that name
   */
  Member member(String name) {
    Member member = members.get(name);
    if (member == null) {
      throw Refusal.notFound("there is no mirror '" + name + "'" + hintOfUnread());
    }
    return member;
  }

  private String hintOfUnread() {
    return unread.isEmpty()
        ? ""
        : "; but these peers, which may know it, cannot be read: " + unread;
  }

  /** The handle of a mirror that runs here. */
  Optional<MirrorHandle> running(String name) {
    return mirrors.find(name);
  }

  /**
   * The handle of a mirror that runs here.
   *
   * @throws Refusal if there is none of that name, or it could not be started yet
   */
  MirrorHandle handle(String name) {
    Member member = member(name);
    return mirrors.find(name).orElseThrow(() -> notStarted(name, member));
  }

  private static Refusal notStarted(String name, Member member) {
    String problem = member.problem();
    return Refusal.conflict(
        problem == null
            ? "mirror '" + name + "' is being made or deleted by another request; try again"
            : "mirror '"
                + name
                + "' could not be started yet: "
                + problem
                + "; it is tried again every few seconds, and at once by POST /v1/mirrors/"
                + name
                + "/retry");
  }

  /**
   * Makes a mirror; returns when it is accepted and remembered.
   *
   * @throws FieldException if a value of the request cannot be
   * @throws Refusal if the name exists or the destination cannot be asked
   * @throws MirrorException if the databases refuse; nothing was created
   */
  void create(CreateRequest request) {
    Member member = new Member(request);
    Mirror mirror = request.toMirror(peers, new RequestStore(request), member.events());
    if (members.putIfAbsent(request.name(), member) != null) {
      throw nameExists(request);
    }
    try {
      if (isRemembered(request)) {
        throw nameExists(request);
      }
      mirrors.start(mirror);
      member.hasStarted = true;
    } catch (RuntimeException e) {
      members.remove(request.name(), member);
      throw e;
    }
  }

  private static Refusal nameExists(CreateRequest request) {
    return Refusal.conflict(
        "a mirror '"
            + request.name()
            + "' exists already; choose another name, or DELETE it first");
  }

  /** Whether the destination has a checkpoint of that name, of this server or of anyone. */
  private boolean isRemembered(CreateRequest request) {
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

  /**
   * Deletes a mirror.
   *
   * @throws Refusal if there is none of that name, or it does not run here
   * @throws MirrorException if a side cannot be reached; to be repeated
   */
  void delete(String name) {
    Member member = member(name);
    handle(name).drop();
    members.remove(name, member);
  }

  /**
   * Starts a mirror that could not be started before; does nothing for one that runs.
   *
   * @throws RuntimeException if it still cannot
   */
  void startAgain(Member member) {
    synchronized (member) {
      String name = member.request().name();
      if (mirrors.find(name).isPresent()) {
        member.problem = null;
        return;
      }
      if (!isRemembered(member.request())) {
        members.remove(name, member);
        throw Refusal.notFound("mirror '" + name + "' was deleted by another process");
      }
      CreateRequest request = member.request();
      mirrors.start(request.toMirror(peers, new RequestStore(request), member.events()));
      member.hasStarted = true;
      member.problem = null;
    }
  }

  // ---- finding and starting ----

  private void startMissing() {
    for (Peer peer : peers.values()) {
      if (unread.containsKey(peer.name())) {
        read(peer);
      }
    }
    for (Member member : members.values()) {
      boolean hasEnded =
          member.hasStarted && mirrors.find(member.request().name()).isEmpty(); // by itself
      if (starter.isShutdown() || (member.problem() == null && !hasEnded)) {
        continue;
      }
      try {
        startAgain(member);
      } catch (RuntimeException e) {
        tellOf(member, String.valueOf(e.getMessage()));
      }
    }
  }

  /** Once, as long as it stays the same. */
  private static void tellOf(Member member, String problem) {
    if (!problem.equals(member.problem)) {
      LOG.warn("mirror '{}' cannot be started: {}", member.request().name(), problem);
      member.events().add(EventLog.Level.ERROR, "not started: " + problem, Map.of());
    }
    member.problem = problem;
  }

  private void read(Peer peer) {
    try (Connection connection = Connections.open(peer)) {
      RequestTable.read(connection).forEach((name, request) -> adopt(peer, name, request));
      unread.remove(peer.name());
    } catch (SQLException e) {
      String reason = String.valueOf(e.getMessage());
      if (!reason.equals(unread.put(peer.name(), reason))) {
        LOG.warn("peer {} cannot be read for the mirrors that it remembers: {}", peer, reason);
      }
    }
  }

  private void adopt(Peer peer, String name, String json) {
    CreateRequest request;
    try {
      request = CreateRequest.ofJson(json);
    } catch (FieldException e) {
      LOG.error(
          "mirror '{}' is left alone, its request on peer {} cannot be read: {}",
          name,
          peer,
          e.getMessage());
      return;
    }
    // Another name of the same database finds it, too.
    boolean isElsewhere =
        !request.destinationPeer().equals(peer.name())
            && peers.containsKey(request.destinationPeer());
    if (isElsewhere) {
      return;
    }
    Member member = new Member(request);
    member.problem = "not tried yet";
    Member other = members.putIfAbsent(name, member);
    if (other != null) {
      LOG.error(
          "mirror '{}' on peer {} is left alone: one of that name writes to peer {}",
          name,
          peer,
          other.request().destinationPeer());
    }
  }

  /** Closes all mirrors and drops nothing. */
  @Override
  public void close() {
    starter.shutdownNow();
    mirrors.close();
  }
}
