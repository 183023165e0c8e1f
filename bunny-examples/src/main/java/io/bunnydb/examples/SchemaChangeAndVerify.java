package io.bunnydb.examples;

import static io.bunnydb.examples.ConsoleView.count;
import static io.bunnydb.examples.ConsoleView.seconds;

import io.bunnydb.Mirror;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.TableVerification;
import io.bunnydb.VerifyReport;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import javax.sql.DataSource;

/**
 * What an operator does with a mirror that runs: brings a schema change along, verifies both sides,
 * repairs rows that somebody has spoiled, copies a table again. The application writes all the
 * while.
 *
 * <p>It starts two PostgreSQL servers of its own. The exit code is 0 only if both sides are
 * identical at the end, and were not when they had been spoiled. Ctrl-C stops it at any time and
 * leaves nothing behind.
 */
public final class SchemaChangeAndVerify {
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final Duration BLINK = Duration.ofMillis(100);
  private static final TableName PAGE_VIEWS = TableName.parse("shop.page_views");

  /** Those whose rows have a key, by which they are told apart. */
  private static final TableName[] WITH_KEY =
      ShopDatabase.TABLES.stream()
          .map(TableName::parse)
          .filter(table -> !table.equals(PAGE_VIEWS))
          .toArray(TableName[]::new);

  private static final String CHANGE =
      """
      ALTER TABLE shop.customers ADD COLUMN plan text NOT NULL DEFAULT 'free';
      ALTER TABLE shop.reviews ALTER COLUMN stars TYPE integer;
      """;

  /** As nobody should; foreign keys rest meanwhile. */
  private static final String SPOIL =
      """
      SET session_replication_role = replica;
      UPDATE shop.customers SET name = 'Nobody' WHERE id <= 3;
      DELETE FROM shop.order_lines WHERE "order" = 1;
      INSERT INTO shop.reviews (id, product, stars, votes) VALUES (-1, 1, 5, '{}');
      DELETE FROM shop.page_views WHERE product <= 5;
      """;

  private final ConsoleView view;
  private final OpenResources open;
  private final Pace pace;

  private SchemaChangeAndVerify(ConsoleView view, OpenResources open, Pace pace) {
    this.view = view;
    this.open = open;
    this.pace = pace;
  }

  /** Tells the story; ends the JVM with exit code 1 if it does not end well. */
  public static void main(String[] args) {
    ConsoleView view = ConsoleView.ofStandardOutput();
    OpenResources open =
        OpenResources.closedOnCtrlC(
            () -> view.farewell("Stopping the mirror, the application, both servers."));
    boolean isWell = false;
    try (open) {
      isWell = new SchemaChangeAndVerify(view, open, Pace.ofSystemProperties()).run();
    } catch (Exception e) {
      if (!open.isStopped()) {
        e.printStackTrace();
      }
    }
    if (!isWell) {
      System.exit(1);
    }
  }

  private boolean run() throws Exception {
    view.say("A schema change, a comparison, a repair and a resync, while the shop is open.");

    view.phase("Two PostgreSQL servers start; the source gets a shop, and an application writes.");
    EmbeddedServers servers = open.open(EmbeddedServers::start);
    view.say(servers.toString());
    ShopDatabase.create(servers.source(), pace.rows());
    ShopWriter writer = open.open(() -> ShopWriter.start(servers.source()));

    view.phase("A mirror copies its six tables, " + count(pace.rows()) + " rows, and follows.");
    Mirror mirror =
        Mirror.builder("schema_change_and_verify")
            .source(servers.sourcePeer())
            .destination(servers.destinationPeer())
            .tables(
                ShopDatabase.TABLES.stream().map(TableMapping::from).toArray(TableMapping[]::new))
            .checkpointStore(JdbcCheckpointStore.inDestination())
            .build();
    MirrorHandle handle = open.open(mirror::start);
    handle.awaitState(MirrorState.RUNNING, PATIENCE);
    catchUp(handle);

    changeSchema(servers, handle);
    writer.check();

    view.phase("Both sides are verified while they are in use.");
    boolean wasEqual = say(handle.verify(WITH_KEY));

    view.phase("Somebody spoils the destination; verify finds each row.");
    execute(servers.destination(), SPOIL);
    boolean wasFound = !say(handle.verify(WITH_KEY));

    view.phase("repair() gives those rows the source's values, beside the stream.");
    boolean wasRepaired = say(handle.repair(WITH_KEY));

    view.phase("The rows of " + PAGE_VIEWS + " have no key: it is copied again, the others flow.");
    resync(handle);
    writer.check();

    view.phase("The application stops, and every table is verified.");
    writer.close();
    writer.check();
    catchUp(handle);
    boolean isEqual = say(handle.verify());
    boolean isIdentical = areIdentical(servers);
    handle.drop();
    boolean isWell = wasEqual && wasFound && wasRepaired && isEqual && isIdentical;
    view.phase(
        "The mirror is dropped. Source and destination: "
            + (isIdentical ? "identical" : "DIFFERENT"));
    return isWell;
  }

  private void changeSchema(EmbeddedServers servers, MirrorHandle handle) throws Exception {
    view.phase("The source's schema changes under load; the mirror is paused for that.");
    handle.pause();
    execute(servers.source(), CHANGE);
    CHANGE.lines().forEach(view::say);
    view.phase("syncSchema() brings the destination along: at once what suits old and new rows,");
    handle.syncSchema().forEach(change -> view.say(change.toString()));
    view.phase("and after resume(), when the old rows have arrived, the rest.");
    handle.resume();
    catchUp(handle);
    handle.syncSchema().forEach(change -> view.say(change.toString()));
  }

  /** Shows what a comparison has found; gives whether both sides agree by now. */
  private boolean say(VerifyReport report) {
    for (TableVerification table : report.tables()) {
      view.say(table.toString());
      table.rows().forEach(row -> view.say("  " + row));
    }
    return report.matches();
  }

  private void resync(MirrorHandle handle) throws InterruptedException {
    handle.resync(PAGE_VIEWS);
    while (!isLive(handle)) {
      open.linger(BLINK);
    }
    view.say(PAGE_VIEWS + " is LIVE again");
  }

  private static boolean isLive(MirrorHandle handle) {
    return handle.status().tables().stream()
        .anyMatch(table -> table.source().equals(PAGE_VIEWS) && table.state() == TableState.LIVE);
  }

  /** Waits until the mirror has applied everything that is committed on the source by now. */
  private void catchUp(MirrorHandle handle) throws InterruptedException {
    long begin = System.nanoTime();
    new LiveLine(handle, view).during(() -> handle.awaitCaughtUp(PATIENCE));
    view.say("caught up after " + seconds((System.nanoTime() - begin) / 1e9));
  }

  private boolean areIdentical(EmbeddedServers servers) throws SQLException {
    boolean areIdentical = true;
    view.say(RowComparison.heading());
    for (String table : ShopDatabase.TABLES) {
      RowComparison comparison = RowComparison.of(table, servers.source(), servers.destination());
      view.say(comparison.line());
      areIdentical &= comparison.isIdentical();
    }
    return areIdentical;
  }

  private static void execute(DataSource database, String sql) throws SQLException {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
