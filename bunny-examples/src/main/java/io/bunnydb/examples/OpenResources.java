package io.bunnydb.examples;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Everything the program has open, closed in reverse order at its end or on Ctrl-C, whichever comes
 * first.
 *
 * <p>Thread-safe. While something is being opened, Ctrl-C waits for it, so that nothing is left
 * behind half open.
 */
final class OpenResources implements AutoCloseable {
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final Thread onStop;

  private OpenResources(Runnable announcement) {
    this.onStop =
        new Thread(
            () -> {
              stopped.countDown();
              announcement.run();
              closeAll();
            },
            "quickstart-stop");
  }

  /**
   * Nothing open yet.
   *
   * @param announcement runs first when the program is stopped from outside
   */
  static OpenResources closedOnCtrlC(Runnable announcement) {
    OpenResources resources = new OpenResources(announcement);
    Runtime.getRuntime().addShutdownHook(resources.onStop);
    return resources;
  }

  /**
   * Opens something, to be closed before everything that was opened earlier.
   *
   * @throws InterruptedException if the program was stopped meanwhile
   */
  synchronized <T extends AutoCloseable> T open(Callable<T> opening) throws Exception {
    linger(Duration.ZERO);
    T resource = opening.call();
    opened.push(resource);
    linger(Duration.ZERO);
    return resource;
  }

  /**
   * Lets time pass.
   *
   * @throws InterruptedException if the program was stopped meanwhile
   */
  void linger(Duration time) throws InterruptedException {
    if (stopped.await(time.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new InterruptedException("stopped");
    }
  }

  /** Whether the program was stopped from outside; what fails from then on is no surprise. */
  boolean isStopped() {
    return stopped.getCount() == 0;
  }

  @Override
  public void close() {
    if (!isStopped()) {
      closeAll();
      Runtime.getRuntime().removeShutdownHook(onStop);
    }
  }

  private synchronized void closeAll() {
    IllegalStateException failure = new IllegalStateException("not everything could be closed");
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception e) {
        failure.addSuppressed(e);
      }
    }
    if (failure.getSuppressed().length > 0) {
      throw failure;
    }
  }
}
