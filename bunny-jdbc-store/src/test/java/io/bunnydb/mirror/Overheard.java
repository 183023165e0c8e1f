package io.bunnydb.mirror;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import org.slf4j.LoggerFactory;

/**
 * What Bunny, at every level, and the PostgreSQL driver, at its own, log from now until the end.
 */
final class Overheard implements AutoCloseable {
  private static final Logger BUNNY = (Logger) LoggerFactory.getLogger("io.bunnydb");
  private static final java.util.logging.Logger DRIVER =
      java.util.logging.Logger.getLogger("org.postgresql");

  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final BunnyAppender appender = new BunnyAppender();
  private final DriverHandler handler = new DriverHandler();
  private final Level level = BUNNY.getLevel();

  Overheard() {
    appender.setContext(BUNNY.getLoggerContext());
    appender.start();
    BUNNY.addAppender(appender);
    BUNNY.setLevel(Level.TRACE);
    DRIVER.addHandler(handler);
  }

  /** The messages and stack traces. */
  String text() {
    return String.join("\n", lines);
  }

  @Override
  public void close() {
    DRIVER.removeHandler(handler);
    BUNNY.setLevel(level);
    BUNNY.detachAppender(appender);
    appender.stop();
  }

  private final class BunnyAppender extends AppenderBase<ILoggingEvent> {
    @Override
    protected void append(ILoggingEvent event) {
      lines.add(event.getFormattedMessage());
      if (event.getThrowableProxy() != null) {
        lines.add(ThrowableProxyUtil.asString(event.getThrowableProxy()));
      }
    }
  }

  private final class DriverHandler extends Handler {
    @Override
    public void publish(LogRecord event) {
      lines.add(event.getMessage() + " " + Arrays.toString(event.getParameters()));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
