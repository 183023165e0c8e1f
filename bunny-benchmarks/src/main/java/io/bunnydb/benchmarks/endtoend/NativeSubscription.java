package io.bunnydb.benchmarks.endtoend;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/** PostgreSQL's own subscription with its fastest settings. Not thread-safe. */
final class NativeSubscription implements CopyingContender {
  private static final String NAME = "bench_sub";
  private static final String PUBLICATION = "bench_pub";
  private static final int PARALLEL_STREAMING_SINCE = 16; // the subscriber's major version

  private final Databases databases;
  private final MarkerWatch watch;

  private NativeSubscription(Databases databases) throws SQLException {
    this.databases = databases;
    this.watch = new MarkerWatch(databases.destination());
  }

  /** A subscription that is disabled; its slot holds what is written from now on. */
  static NativeSubscription heldBack(Databases databases, List<String> tables) throws SQLException {
    publish(databases, tables);
    databases
        .source()
        .execute(
            "SELECT pg_create_logical_replication_slot('%s', 'pgoutput')"
                .formatted(slot(databases)));
    subscribe(databases, "create_slot = false, copy_data = false, enabled = false");
    return new NativeSubscription(databases);
  }

  /** A subscription that copies the tables first; it begins at once. */
  static NativeSubscription copying(Databases databases, List<String> tables) throws SQLException {
    NativeSubscription subscription = new NativeSubscription(databases);
    publish(databases, tables);
    subscribe(databases, "create_slot = true, copy_data = true");
    return subscription;
  }

  /** Publishes the tables, for a subscription or a reader; returns the publication's name. */
  static String publish(Databases databases, List<String> tables) throws SQLException {
    String list = String.join(", ", tables);
    databases.source().execute("CREATE PUBLICATION %s FOR TABLE %s".formatted(PUBLICATION, list));
    return PUBLICATION;
  }

  @Override
  public String slot() {
    return slot(databases);
  }

  @Override
  public void release(Marker marker) throws SQLException {
    databases.destination().execute("ALTER SUBSCRIPTION " + NAME + " ENABLE");
  }

  @Override
  public List<String> destinationPids() throws SQLException {
    return databases
        .destination()
        .values("SELECT pid FROM pg_stat_subscription WHERE subname = ?", NAME);
  }

  @Override
  public boolean holdsMarker() throws SQLException {
    return watch.sees();
  }

  @Override
  public void awaitCopied(Duration timeout) throws SQLException {
    Pause.until("the copy is done", timeout, 2, this::hasCopied);
  }

  @Override
  public void close() throws SQLException {
    watch.close();
    databases.destination().execute("DROP SUBSCRIPTION " + NAME); // its slot goes with it
  }

  private boolean hasCopied() throws SQLException {
    // s: copied and up to date with the stream; r: the same, and the main worker has taken over.
    return databases
        .destination()
        .value("SELECT bool_and(srsubstate IN ('s', 'r')) FROM pg_subscription_rel")
        .equals("t");
  }

  private static void subscribe(Databases databases, String start) throws SQLException {
    boolean parallel = databases.destination().major() >= PARALLEL_STREAMING_SINCE;
    databases
        .destination()
        .execute(
            "CREATE SUBSCRIPTION %s CONNECTION '%s' PUBLICATION %s WITH (binary = true, streaming = %s, slot_name = '%s', %s)"
                .formatted(
                    NAME,
                    databases.sourceOfContenders().conninfo().replace("'", "''"),
                    PUBLICATION,
                    parallel ? "parallel" : "on",
                    slot(databases),
                    start));
  }

  /** The database's name makes it one of its kind on the server. */
  private static String slot(Databases databases) {
    return databases.source().name();
  }
}
