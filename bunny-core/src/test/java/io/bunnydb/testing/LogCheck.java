package io.bunnydb.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Watches what the loggers {@code io.bunnydb.*} write above INFO during one test.
 *
 * <p>Works where logback is the provider of slf4j; elsewhere it sees nothing and finds no problem.
 */
final class LogCheck {

  private static final boolean HAS_LOGBACK = hasLogback();

  private final @Nullable LogbackRecorder recorder;

  private LogCheck(@Nullable LogbackRecorder recorder) {
    this.recorder = recorder;
  }

  /** Begins to watch, except what threads log that an earlier, failed test has left. */
  static LogCheck start(Set<Thread> ignored) {
    Set<String> names = ignored.stream().map(Thread::getName).collect(Collectors.toSet());
    return new LogCheck(HAS_LOGBACK ? LogbackRecorder.attach(names) : null);
  }

  /** Ends watching and says which events were not declared, and which declared ones are missing. */
  List<String> finish(Declarations declarations) {
    return recorder == null ? List.of() : problems(recorder.detach(), declarations);
  }

  /** Compares events with their declarations. */
  static List<String> problems(List<String> events, Declarations declarations) {
    List<String> problems = new ArrayList<>();
    for (String event : events) {
      if (declarations.allowedLogs().stream().noneMatch(log -> matches(log.value(), event))) {
        problems.add("log event without @ExpectsLog: " + event);
      }
    }
    for (ExpectsLog log : declarations.requiredLogs()) {
      if (events.stream().noneMatch(event -> matches(log.value(), event))) {
        problems.add("no log event for @ExpectsLog(\"" + log.value() + "\"), events: " + events);
      }
    }
    return problems;
  }

  private static boolean matches(String expected, String event) {
    if (event.contains(expected)) {
      return true;
    }
    try {
      return Pattern.compile(expected).matcher(event).find();
    } catch (PatternSyntaxException plainText) {
      return false;
    }
  }

  private static boolean hasLogback() {
    try {
      Class.forName("ch.qos.logback.classic.Logger");
      return LogbackRecorder.isProvider();
    } catch (ClassNotFoundException | LinkageError absent) {
      return false;
    }
  }
}
