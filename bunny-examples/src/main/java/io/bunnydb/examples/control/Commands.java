package io.bunnydb.examples.control;

import io.bunnydb.MirrorHandle;
import java.util.function.Consumer;

/** Carries commands out, and says in this server's words why a mirror's state forbids one. */
final class Commands {
  private Commands() {}

  /**
   * Carries a command out.
   *
   * @param command what it is called
   * @throws Refusal if the mirror's state forbids it
   */
  static void run(String command, MirrorHandle handle, Consumer<MirrorHandle> action) {
    try {
      action.accept(handle);
    } catch (IllegalStateException e) {
      throw refusal(command, handle, e);
    }
  }

  private static Refusal refusal(String command, MirrorHandle handle, IllegalStateException e) {
    String name = handle.name();
    String mirror = "mirror '" + name + "'";
    String path = "/v1/mirrors/" + name;
    return switch (handle.state()) {
      case TERMINATED -> Refusal.notFound(mirror + " was deleted by another request");
      case TERMINATING ->
          Refusal.conflict(
              mirror + " is being deleted; repeat DELETE " + path + " if that has failed");
      case FAILED ->
          Refusal.conflict(
              mirror
                  + " is FAILED, its set-up did not succeed, so "
                  + command
                  + " is not possible; POST "
                  + path
                  + "/retry tries again, DELETE "
                  + path
                  + " removes it");
      case CREATED, SETTING_UP, SNAPSHOT, RUNNING, PAUSING, RESYNCING, SYNCING_SCHEMA ->
          Refusal.conflict(
              mirror
                  + " is "
                  + handle.state()
                  + ", and "
                  + command
                  + " needs it to be PAUSED; POST "
                  + path
                  + "/pause first");
      // It was not when the command came.
      case PAUSED -> Refusal.conflict(e.getMessage() + "; try again");
    };
  }
}
