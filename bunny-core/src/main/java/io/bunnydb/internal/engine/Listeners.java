package io.bunnydb.internal.engine;

import io.bunnydb.MirrorListener;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Those who hear of a mirror. Thread-safe.
 *
 * @param mirror the mirror's name
 * @param listeners in the order in which they are told
 */
record Listeners(String mirror, List<MirrorListener> listeners) {
  private static final Logger LOG = LoggerFactory.getLogger(Listeners.class);

  /** Tells every listener; what one throws is logged and goes no further. */
  void tell(Consumer<MirrorListener> event) {
    for (MirrorListener listener : listeners) {
      boolean wasInterrupted = Thread.currentThread().isInterrupted();
      try {
        event.accept(listener);
      } catch (RuntimeException | Error e) {
        LOG.warn("mirror '{}': a listener failed", mirror, e);
      }
      // An interrupt that the listener left would end what the mirror's thread does next.
      if (!wasInterrupted && Thread.interrupted()) {
        LOG.warn("mirror '{}': a listener left its thread interrupted", mirror);
      }
    }
  }
}
