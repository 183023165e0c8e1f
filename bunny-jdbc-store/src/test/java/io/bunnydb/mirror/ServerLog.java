package io.bunnydb.mirror;

import io.bunnydb.testing.TestDatabase;
import java.util.List;
import java.util.regex.Pattern;

/** The statements that a server logs of one mirror's sessions from now on. */
final class ServerLog {
  // As the test servers write a line: time, process, database, application, message.
  private static final Pattern ENTRY = Pattern.compile("(?m)^(?=\\d{4}-\\d\\d-\\d\\d )");
  private static final Pattern EXECUTED =
      Pattern.compile("(?s).*? LOG:  (?:execute [^:]+|statement): (.*)");

  private final TestDatabase database;
  private final String sessions;
  private final int begin;

  /**
   * A log.
   *
   * @param mirror whose sessions; they must run with {@code log_statement = all}
   */
  ServerLog(TestDatabase database, String mirror) {
    this.database = database;
    this.sessions = " " + database.name() + " bunny " + mirror + " ";
    this.begin = database.server().log().length();
  }

  /** The URL of a database whose sessions log every statement. */
  static String urlOf(TestDatabase database) {
    return database.url() + "?options=-c%20log_statement=all";
  }

  /** What was executed since, in its order. */
  List<String> statements() {
    String log = database.server().log().substring(begin);
    return ENTRY
        .splitAsStream(log)
        .filter(entry -> entry.contains(sessions))
        .map(EXECUTED::matcher)
        .filter(java.util.regex.Matcher::matches)
        .map(executed -> executed.group(1).strip().replace("\n\t", "\n"))
        .toList();
  }
}
