package io.bunnydb.examples.control;

import io.bunnydb.EventPage;
import io.bunnydb.EventQuery;
import io.bunnydb.Mirror;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorHandle;
import io.bunnydb.Mirrors;
import io.bunnydb.Peer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
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
  private final RememberedMirrors remembered;
  private final Mirrors mirrors = new Mirrors();
  private final Map<String, Member> members = new ConcurrentSkipListMap<>();
  private final ScheduledExecutorService starter =
      Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "control-starter"));

  Fleet(Map<String, Peer> peers) {
    this.peers = peers;
    this.remembered = new RememberedMirrors(peers);
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
      throw Refusal.notFound("there is no mirror '" + name + "'" + remembered.hintOfUnread());
    }
    return member;
  }

  /** The handle of a mirror that runs here. */
  Optional<MirrorHandle> running(String name) {
    return mirrors.find(name);
  }

  /** What happened to a mirror: what its handle tells, or why it has none. */
  EventPage events(Member member, EventQuery query) {
    return mirrors
        .find(member.name())
        .map(handle -> handle.events(query))
        .orElseGet(() -> member.events(query));
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
    Mirror mirror = mirror(request);
    if (members.putIfAbsent(request.name(), member) != null) {
      throw nameExists(request);
    }
    try {
      if (remembered.isRemembered(request)) {
        throw nameExists(request);
      }
      mirrors.start(mirror);
      member.started();
    } catch (RuntimeException e) {
      members.remove(request.name(), member);
      throw e;
    }
  }

  private Mirror mirror(CreateRequest request) {
    return request.toMirror(peers, new RequestStore(request));
  }

  private static Refusal nameExists(CreateRequest request) {
    return Refusal.conflict(
        "a mirror '"
            + request.name()
            + "' exists already; choose another name, or DELETE it first");
  }

  /**
   * Deletes a mirror.
   *
   * @throws Refusal if there is none of that name, or it does not run here
   * @throws MirrorException if a side cannot be reached; to be repeated
   */
  void delete(String name) {
    Member member = member(name);
    MirrorHandle handle = handle(name);
    member.setToRun(false);
    try {
      handle.drop();
    } catch (RuntimeException e) {
      member.setToRun(true);
      throw e;
    }
    members.remove(name, member);
  }

  /**
   * Starts a mirror that could not be started before; does nothing for one that runs.
   *
   * @throws RuntimeException if it still cannot
   */
  void startAgain(Member member) {
    synchronized (member) {
      if (mirrors.find(member.name()).isEmpty()) {
        if (!remembered.isRemembered(member.request())) {
          members.remove(member.name(), member);
          throw Refusal.notFound("mirror '" + member.name() + "' was deleted by another process");
        }
        mirrors.start(mirror(member.request()));
      }
      member.started();
    }
  }

  // ---- finding and starting ----

  private void startMissing() {
    remembered.readUnread(this::adopt);
    for (Member member : members.values()) {
      synchronized (member) {
        if (starter.isShutdown() || !isMissing(member)) {
          continue;
        }
        try {
          startAgain(member);
        } catch (RuntimeException e) {
          String reason = String.valueOf(e.getMessage());
          if (member.cannotStart(reason) && !starter.isShutdown()) { // closing interrupts it
            LOG.warn("mirror '{}' cannot be started: {}", member.name(), reason);
          }
        }
      }
    }
  }

  /** Whether it could not be started, or has ended by itself. */
  private boolean isMissing(Member member) {
    return member.problem() != null || (member.isToRun() && mirrors.find(member.name()).isEmpty());
  }

  private void adopt(Peer peer, CreateRequest request) {
    Member member = new Member(request);
    member.cannotStart("not tried yet");
    Member other = members.putIfAbsent(member.name(), member);
    if (other != null) {
      LOG.error(
          "mirror '{}' on peer {} is left alone: one of that name writes to peer {}",
          member.name(),
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
