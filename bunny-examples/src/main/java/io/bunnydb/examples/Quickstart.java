package io.bunnydb.examples;

import static io.bunnydb.examples.ConsoleView.count;
import static io.bunnydb.examples.ConsoleView.seconds;
import static io.bunnydb.examples.ConsoleView.size;

import io.bunnydb.Mirror;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.TableMapping;
import io.bunnydb.TableStatus;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The life of a mirror in a minute: copy, follow, pause, add a table, resume, catch up, compare.
 *
 * <p>It starts two PostgreSQL servers of its own, which come from Maven as everything else does.
 * The exit code is 0 only if both sides are identical at the end. Ctrl-C stops it at any time and
 * leaves nothing behind.
 */
public final class Quickstart {
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final Duration BLINK = Duration.ofMillis(200);

  private final ConsoleView view;
  private final OpenResources open;
  private final Pace pace;

  private Quickstart(ConsoleView view, OpenResources open, Pace pace) {
    this.view = view;
    this.open = open;
    this.pace = pace;
  }

  /** Tells the story; ends the JVM with exit code 1 if the two sides are not identical. */
  public static void main(String[] args) {
    ConsoleView view = ConsoleView.ofStandardOutput();
    OpenResources open =
        OpenResources.closedOnCtrlC(
            () -> view.farewell("Stopping the mirror, the application, both servers."));
    boolean identical = false;
    try (open) {
      identical = new Quickstart(view, open, Pace.ofSystemProperties()).run();
    } catch (Exception e) {
      if (!open.isStopped()) {
        e.printStackTrace();
      }
    }
    if (!identical) {
      System.exit(1);
    }
  }

  private boolean run() throws Exception {
    view.say("Bunny keeps tables of one PostgreSQL in another. A minute; Ctrl-C stops it.");

    view.phase("Two PostgreSQL servers start, a source and a destination.");
    EmbeddedServers servers = open.open(EmbeddedServers::start);
    view.say(servers.toString());

    view.phase(
        "The source gets a small shop: six related tables, " + count(pace.rows()) + " rows.");
    ShopDatabase.create(servers.source(), pace.rows());
    view.say(size(ShopDatabase.bytes(servers.source())));

    view.phase("An application begins to write to the shop, and does not wait for the mirror.");
    ShopWriter writer = open.open(() -> ShopWriter.start(servers.source()));

    view.phase("A mirror copies five of the tables while the application writes.");
    Mirror mirror =
        Mirror.builder("quickstart")
            .source(servers.sourcePeer())
            .destination(servers.destinationPeer())
            .tables(mappings(ShopDatabase.FIRST_TABLES))
            .checkpointStore(JdbcCheckpointStore.inDestination())
            .listener(
                new CopyProgress(
                    view, ShopDatabase.rows(servers.source(), ShopDatabase.FIRST_TABLES)))
            .build();
    // Like try-with-resources, but Ctrl-C closes it too.
    MirrorHandle handle = open.open(mirror::start);
    handle.awaitState(MirrorState.RUNNING, PATIENCE);

    view.phase("The mirror follows the application: each commit arrives within moments.");
    watch(handle, writer);

    view.phase("The mirror is paused, the application is not: lag and retained WAL grow.");
    handle.pause();
    watch(handle, writer);

    view.phase("The sixth table joins the paused mirror: " + ShopDatabase.REVIEWS + ".");
    handle.updateTables(mappings(ShopDatabase.TABLES));
    handle.status().tables().forEach(this::sayTable);

    view.phase("The mirror resumes: the sixth table is copied, the others catch up.");
    handle.resume();
    catchUp(handle);
    watch(handle, writer);

    view.phase("The application stops, and the mirror applies the last of what it wrote.");
    writer.close();
    writer.check();
    view.say(count(writer.committed()) + " transactions in all");
    catchUp(handle);

    view.phase("Both sides are compared, row for row.");
    List<RowComparison> comparisons = compare(servers);
    handle.drop();
    return tellVerdict(comparisons);
  }

  /** Shows the mirror's status for a while, as long as the application is well. */
  private void watch(MirrorHandle handle, ShopWriter writer) throws InterruptedException {
    long begin = System.nanoTime();
    new LiveLine(handle, view)
        .during(
            () -> {
              while (System.nanoTime() - begin < pace.look().toNanos()) {
                open.linger(BLINK);
                writer.check();
              }
            });
  }

  /** Waits until the mirror has applied everything that is committed on the source by now. */
  private void catchUp(MirrorHandle handle) throws InterruptedException {
    long begin = System.nanoTime();
    new LiveLine(handle, view).during(() -> handle.awaitCaughtUp(PATIENCE));
    view.say("caught up after " + seconds((System.nanoTime() - begin) / 1e9));
  }

  private void sayTable(TableStatus table) {
    long changes = table.rowsInserted() + table.rowsUpdated() + table.rowsDeleted();
    view.say(
        "%-18s %-8s %8s rows copied %8s rows changed"
            .formatted(table.source(), table.state(), count(table.rowsCopied()), count(changes)));
  }

  private List<RowComparison> compare(EmbeddedServers servers) throws SQLException {
    List<RowComparison> comparisons = new ArrayList<>();
    view.say(RowComparison.heading());
    for (String table : ShopDatabase.TABLES) {
      RowComparison comparison = RowComparison.of(table, servers.source(), servers.destination());
      view.say(comparison.line());
      comparison.differences().forEach(difference -> view.say("  " + difference));
      comparisons.add(comparison);
    }
    return comparisons;
  }

  private boolean tellVerdict(List<RowComparison> comparisons) {
    boolean identical = comparisons.stream().allMatch(RowComparison::isIdentical);
    long rows = comparisons.stream().mapToLong(RowComparison::sourceRows).sum();
    view.phase(
        "The mirror is dropped. Source and destination, %s rows: %s"
            .formatted(count(rows), identical ? "identical" : "DIFFERENT"));
    return identical;
  }

  private static TableMapping[] mappings(List<String> tables) {
    return tables.stream().map(TableMapping::from).toArray(TableMapping[]::new);
  }
}
