package io.bunnydb.internal.engine;

import io.bunnydb.MirrorState;

/** Which commands a mirror takes in the state that it is in. Thread-safe. */
final class CommandRules {
  private final MirrorContext context;
  private final MirrorThread thread;
  private final String mirror;

  CommandRules(MirrorContext context, MirrorThread thread) {
    this.context = context;
    this.thread = thread;
    this.mirror = context.config().name();
  }

  /**
   * Admits a command of a mirror that has not ended and is this process's to run.
   *
   * @return the state that the mirror is in
   */
  MirrorState admit(String command) {
    // Before anything changes.
    thread.refuseListeners();
    MirrorState state = admitUnlessClosed(command);
    if (state == MirrorState.TERMINATING) {
      throw new IllegalStateException(
          "mirror '"
              + mirror
              + "' is TERMINATING, being closed or dropped, and takes no "
              + command
              + "() any more; repeat drop() if that failed");
    }
    context.standby().refuse(command);
    return state;
  }

  /** Admits a command of a mirror that is RUNNING or PAUSED. */
  void admitWhereLive(String command) {
    MirrorState state = admit(command);
    if (state != MirrorState.RUNNING && state != MirrorState.PAUSED) {
      throw needs(command, "RUNNING or PAUSED");
    }
  }

  /** Admits what a mirror that is being closed takes, too. */
  MirrorState admitUnlessClosed(String command) {
    MirrorState state = context.lifecycle().state();
    if (state == MirrorState.TERMINATED) {
      throw new IllegalStateException(
          "mirror '" + mirror + "' was closed; " + command + " needs a new start()");
    }
    return state;
  }

  /** The refusal of a command that the mirror takes in other states alone. */
  IllegalStateException needs(String command, String states) {
    return new IllegalStateException(
        "mirror '"
            + mirror
            + "' is "
            + context.lifecycle().state()
            + "; "
            + command
            + " needs it to be "
            + states);
  }
}
