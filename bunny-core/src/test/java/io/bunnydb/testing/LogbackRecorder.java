package io.bunnydb.testing;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/** A logback appender that keeps the events above INFO of {@code io.bunnydb.*} as text. */
final class LogbackRecorder extends AppenderBase<ILoggingEvent> {

  private static final String LOGGER = "io.bunnydb";

  private final List<String> events = new CopyOnWriteArrayList<>();

  private final Set<String> ignoredThreads;

  private LogbackRecorder(Set<String> ignoredThreads) {
    this.ignoredThreads = ignoredThreads;
  }

  /** Whether slf4j logs through logback. */
  static boolean isProvider() {
    return LoggerFactory.getLogger(LOGGER) instanceof Logger;
  }

  /** Begins to record, except what threads of these names log. */
  static LogbackRecorder attach(Set<String> ignoredThreads) {
    LogbackRecorder recorder = new LogbackRecorder(ignoredThreads);
    Logger logger = (Logger) LoggerFactory.getLogger(LOGGER);
    recorder.setContext(logger.getLoggerContext());
    recorder.setName("bunny test log check");
    recorder.start();
    logger.addAppender(recorder);
    return recorder;
  }

  /** Ends recording and returns the events. */
  List<String> detach() {
    ((Logger) LoggerFactory.getLogger(LOGGER)).detachAppender(this);
    stop();
    return List.copyOf(events);
  }

  @Override
  protected void append(ILoggingEvent event) {
    if (event.getLevel().isGreaterOrEqual(Level.WARN)
        && !ignoredThreads.contains(event.getThreadName())) {
      IThrowableProxy thrown = event.getThrowableProxy();
      events.add(
          event.getLevel()
              + " "
              + event.getLoggerName()
              + ": "
              + event.getFormattedMessage()
              + (thrown == null
                  ? ""
                  : " (" + thrown.getClassName() + ": " + thrown.getMessage() + ")"));
    }
  }
}
