package io.bunnydb.internal.engine;

import io.bunnydb.MirrorState;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.source.LagMonitor.Reading;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The mirror's own thread, and the way for others to have something done on it. It does one thing
 * after the other: a command if there is one, else a session if the mirror is to run, else it
 * waits.
 *
 * <p>Thread-safe; what is done is told in {@link MirrorWork}, which this thread alone uses.
 */
final class MirrorThread {
  private static final Logger LOG = LoggerFactory.getLogger(MirrorThread.class);
  private static final long REPEAT_MILLIS = 200;
  private static final long PATIENCE_MILLIS = 1000;

  private final String mirror;
  private final Lifecycle lifecycle;
  private final Interludes interludes;
  private final LinkedBlockingQueue<Command> commands = new LinkedBlockingQueue<>();
  private final ThreadGroup group;
  private final Thread thread;
  private final MirrorWork work;

  private volatile StopSignal stop = new StopSignal();
  private volatile boolean isInSession;
  private volatile boolean isBackingOff;
  private volatile boolean isHurried;
  private volatile boolean isEnding;
  private Runnable atEnd = () -> {};
  private boolean isEnded; // guarded by commands
  private boolean isToEnd; // of the thread alone

  MirrorThread(MirrorContext context) {
    this.mirror = context.config().name();
    this.lifecycle = context.lifecycle();
    this.interludes = context.interludes();
    this.work = new MirrorWork(context);
    // The threads that it starts join the group.
    this.group = new ThreadGroup("bunny-" + mirror);
    this.thread = newThread("apply", this::run);
  }

  // ---- for callers ----

  /**
   * Starts the thread; returns when the mirror is known or accepted.
   *
   * @param end runs on the thread when it has ended, which is not always a caller's wish
   */
  void start(Runnable end) {
    atEnd = end;
    thread.start();
    try {
      callUnlessRunning(MirrorWork::open);
    } catch (RuntimeException e) {
      end();
      throw e;
    }
  }

  /**
   * Has something done when the commands before it are, unless the mirror runs by then.
   *
   * @return whether it was done
   */
  boolean callUnlessRunning(Command.Action action) {
    AtomicBoolean isDone = new AtomicBoolean();
    Command command =
        submit(
            (mine, signal) -> {
              if (!mine.isToRun()) {
                action.run(mine, signal);
                isDone.set(true);
              }
            });
    while (!command.await(mirror, REPEAT_MILLIS)) {
      // Another command may have let a session begin, which takes no commands until it ends.
      if (isInSession && commands.remove(command)) {
        return false;
      }
    }
    finish(command);
    return isDone.get();
  }

  /** Has something done at once; the running session is stopped and rolled back. */
  void interruptAndCall(Command.Action action) {
    Command command = submit(action);
    do {
      // The signal of whatever the thread is doing by now: each session and command has its own,
      // and this command begins before its own is there.
      StopSignal present = stop;
      if (!command.hasBegun()) {
        present.stop();
      }
    } while (!command.await(mirror, REPEAT_MILLIS));
    finish(command);
  }

  /** Something to do within a session; gives whether it could be done. */
  @FunctionalInterface
  interface Attempt {
    boolean run(MirrorWork work) throws SQLException;
  }

  /**
   * Has something done between two transactions of the session that runs.
   *
   * @return whether it was done; not while none follows the stream, or is in the midst of a long
   *     transaction, or where the attempt says so
   */
  boolean callWithinSession(Attempt attempt) {
    refuseListeners();
    AtomicBoolean isDone = new AtomicBoolean();
    Command command = new Command((mine, signal) -> isDone.set(attempt.run(mine)));
    try {
      interludes.call(() -> command.execute(work, stop, mirror), PATIENCE_MILLIS);
    } catch (InterruptedException e) {
      throw Command.interrupted(mirror, e);
    }
    finish(command);
    return isDone.get();
  }

  private Command submit(Command.Action action) {
    refuseListeners();
    Command command = new Command(action);
    synchronized (commands) {
      if (isEnded) {
        throw closed();
      }
      commands.add(command);
    }
    return command;
  }

  private void finish(Command command) {
    if (isEnding && command.hasFailed()) {
      throw closed();
    }
    command.rethrow();
  }

  /**
   * A listener that waited for the thread that calls it would wait for ever; so would one that is
   * told of a state by a caller's thread, as the mirror's has to wait until that is told.
   */
  void refuseListeners() {
    if (Thread.currentThread().getThreadGroup() == group || lifecycle.isTelling()) {
      throw new IllegalStateException(
          "a listener of mirror '" + mirror + "' must not call the commands of its handle");
    }
  }

  private IllegalStateException closed() {
    return new IllegalStateException("mirror '" + mirror + "' was closed");
  }

  /** Ends a wait between two attempts, or spares the one that would follow the present one. */
  void hurry() {
    isHurried = true;
    if (isBackingOff) {
      commands.add(new Command(MirrorWork::hurry));
    }
  }

  /** Has a paused mirror take what was read of its slot, unless it has something else to do. */
  void seeSlot(Reading reading) {
    synchronized (commands) {
      if (!isEnded && commands.isEmpty()) {
        commands.add(new Command((mine, signal) -> seeSlot(mine, reading, signal)));
      }
    }
  }

  private void seeSlot(MirrorWork mine, Reading reading, StopSignal signal) {
    try {
      mine.seeSlot(reading, signal);
    } catch (RuntimeException | Error e) {
      // Nobody waits for this command.
      LOG.error("mirror '{}': an unexpected error while it is paused, report it", mirror, e);
    }
  }

  /** A thread of the mirror, not started yet. */
  Thread newThread(String role, Runnable what) {
    Thread made = new Thread(group, what, "bunny-" + mirror + "-" + role);
    made.setDaemon(true);
    return made;
  }

  /** Stops everything and ends the thread; returns when it has ended. */
  void end() {
    refuseListeners();
    isEnding = true;
    synchronized (commands) {
      if (!isEnded) {
        commands.add(new Command((mine, signal) -> isToEnd = true));
      }
    }
    boolean isInterrupted = false;
    while (thread.isAlive()) {
      stop.stop();
      try {
        thread.join(REPEAT_MILLIS);
      } catch (InterruptedException e) {
        isInterrupted = true;
      }
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- the thread ----

  private void run() {
    try {
      while (!isToEnd && !work.isOver()) {
        Command command = commands.poll();
        if (command == null && !work.isToRun()) {
          work.rest();
          command = awaitCommand();
        }
        if (command != null) {
          execute(command);
        } else {
          runSession();
        }
      }
    } catch (InterruptedException e) {
      LOG.debug("mirror '{}': its thread was interrupted", mirror, e);
    } catch (RuntimeException | Error e) {
      LOG.error("mirror '{}' ends by an unexpected error, please report it", mirror, e);
      lifecycle.error(Faults.describe(mirror, e));
    } finally {
      shutDown();
    }
  }

  /** Waits for a command, and looks after a pause meanwhile; null if that has ended the pause. */
  private @Nullable Command awaitCommand() throws InterruptedException {
    Command command = null;
    while (command == null && !work.isToRun()) {
      command = commands.poll(work.untilPauseLook().toMillis() + 1, TimeUnit.MILLISECONDS);
      if (command == null) {
        StopSignal mine = new StopSignal();
        stop = mine;
        // A command that came before may have missed this signal.
        if (commands.isEmpty()) {
          work.lookAfterPause(mine);
        }
      }
    }
    return command;
  }

  private void runSession() throws InterruptedException {
    StopSignal mine = new StopSignal();
    stop = mine;
    // A command that came before may have missed this signal.
    if (!commands.isEmpty()) {
      return;
    }
    isInSession = true;
    isHurried = false;
    Duration wait;
    try {
      wait = work.runSession(mine);
    } finally {
      isInSession = false;
    }
    if (!wait.isZero()) {
      // Whoever hurries looks at these two the other way round, so that none is missed.
      isBackingOff = true;
      Command command;
      try {
        command = isHurried ? new Command(MirrorWork::hurry) : null;
        if (command == null) {
          command = commands.poll(wait.toMillis(), TimeUnit.MILLISECONDS);
        }
      } finally {
        isBackingOff = false;
      }
      if (command != null) {
        execute(command);
      }
    }
  }

  private void execute(Command command) {
    command.begin();
    stop = new StopSignal();
    command.execute(work, stop, mirror);
  }

  private void shutDown() {
    lifecycle.moveIfPossible(MirrorState.TERMINATING);
    work.close();
    synchronized (commands) {
      isEnded = true;
      for (Command late = commands.poll(); late != null; late = commands.poll()) {
        late.refuse(closed());
      }
    }
    lifecycle.moveIfPossible(MirrorState.TERMINATED);
    atEnd.run();
  }
}
