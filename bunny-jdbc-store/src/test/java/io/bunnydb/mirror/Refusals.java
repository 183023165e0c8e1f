package io.bunnydb.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import io.bunnydb.Finding;
import io.bunnydb.Lsn;
import io.bunnydb.Mirror;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorPlan;
import io.bunnydb.MirrorState;
import io.bunnydb.Peer;
import io.bunnydb.PreflightException;
import io.bunnydb.TableMapping;
import io.bunnydb.TableState;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.SourceIdentity;
import io.bunnydb.spi.TableCheckpoint;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Starts mirrors that must be refused, and checks that this left both databases as they were, told
 * no password and logged nothing as made.
 */
final class Refusals {
  /** The name of every mirror that is refused. */
  static final String MIRROR = "refused one";

  /** The password of every role that {@link #role} makes. */
  static final String PASSWORD = "s3cret-of-the-role";

  private static final Duration SOON = Duration.ofSeconds(10);
  private static final Duration LONG = Duration.ofSeconds(60);

  // Whatever a start could make or change; the settings of a table show in its row of pg_class.
  private static final String FOOTPRINT =
      """
      SELECT 'slot ' || slot_name FROM pg_replication_slots
      UNION ALL SELECT format('publication %s %s', p.pubname, p) FROM pg_publication p
      UNION ALL SELECT format('published %s', r) FROM pg_publication_rel r
      UNION ALL SELECT format('schema %s %s', n.nspname, n.nspacl) FROM pg_namespace n
                WHERE n.nspname !~ '^pg_(toast_)?temp_'
      UNION ALL SELECT format('relation %s.%s %s %s %s', n.nspname, c.relname, c.relkind, c.relreplident, c.relacl)
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema')
      UNION ALL SELECT 'type ' || t.typname FROM pg_type t WHERE t.oid >= 16384
      ORDER BY 1
      """;

  private static final String CHECKPOINT_TABLES =
      "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'bunny'"
          + " ORDER BY 1";

  private static final String LOCKS =
      "SELECT format('%s %s %s', pid, classid, objid) FROM pg_locks WHERE locktype = 'advisory'";

  private final MirrorDatabases databases;

  Refusals(MirrorDatabases databases) {
    this.databases = databases;
  }

  /**
   * Saves the checkpoint of another mirror in the destination. Its tables are there then, and what
   * a refused start leaves in them are rows.
   */
  void besideAnotherMirror() throws SQLException {
    Checkpoint another =
        new Checkpoint(
            "another one",
            new SourceIdentity("7301234567890123456", 1, "app"),
            "bunny_another",
            "bunny_another",
            Lsn.parse("0/16B3748"),
            true,
            null,
            List.of(
                new TableCheckpoint(
                    TableMapping.from("public.z"), TableState.LIVE, Lsn.parse("0/16B3700"))));
    try (Connection connection = databases.destination().connection()) {
      connection.setAutoCommit(false);
      JdbcCheckpointStore.inDestination().save(another, connection);
      connection.commit();
    }
  }

  /** A mirror between the test's databases, which lacks its tables. */
  MirrorBuilder mirror() {
    return mirror(databases.source().peer(), databases.destination().peer());
  }

  /** A mirror between two peers, which lacks its tables. */
  MirrorBuilder mirror(Peer source, Peer destination) {
    return Mirror.builder(MIRROR)
        .source(source)
        .destination(destination)
        .checkpointStore(JdbcCheckpointStore.inDestination());
  }

  /** Starts a mirror, waits until everything is copied and follows, and drops it. */
  void runs(MirrorBuilder builder) {
    assertThat(plan(builder).errors()).isEmpty();
    try (MirrorHandle handle = builder.build().start()) {
      handle.awaitState(MirrorState.RUNNING, LONG);
      handle.awaitCaughtUp(LONG);
      handle.drop();
    }
  }

  /** Makes a role that may log in and do what the options say; the fixture removes it. */
  Peer role(String peer, TestDatabase database, String role, String options) {
    database.execute("CREATE ROLE " + role + " LOGIN PASSWORD '" + PASSWORD + "' " + options);
    return Peer.of(peer, database.url(), role, PASSWORD);
  }

  /** Plans a mirror, and checks that this changed nothing. */
  MirrorPlan plan(MirrorBuilder builder) {
    List<@Nullable String> source = footprint(databases.source());
    List<@Nullable String> destination = footprint(databases.destination());
    MirrorPlan plan = builder.build().plan();
    assertThat(footprint(databases.source())).as("planned on the source").isEqualTo(source);
    assertThat(footprint(databases.destination()))
        .as("planned on the destination")
        .isEqualTo(destination);
    assertUnlocked(databases.source());
    assertUnlocked(databases.destination());
    assertSecret(plan.toString());
    return plan;
  }

  /** Starts a mirror that the preflight must refuse, as it is planned, and returns its problems. */
  List<String> problems(MirrorBuilder builder) {
    List<String> errors = plan(builder).errors().stream().map(Finding::toString).toList();
    PreflightException refusal = refused(PreflightException.class, builder);
    assertThat(refusal.problems()).isNotEmpty().doesNotContainNull();
    assertThat(refusal.getMessage()).contains(refusal.problems());
    assertThat(withoutCounts(errors)).as("planned").isEqualTo(withoutCounts(refusal.problems()));
    return refusal.problems();
  }

  /** The server counts a session for a moment longer than it lasts. */
  private static List<String> withoutCounts(List<String> problems) {
    return problems.stream().map(p -> p.replaceAll("\\d+ free connections", "free")).toList();
  }

  /** Starts a mirror that must be refused for one reason, and returns the sentence. */
  String problem(MirrorBuilder builder) {
    List<String> problems = problems(builder);
    assertThat(problems).hasSize(1);
    return problems.get(0);
  }

  /** Starts a mirror that must be refused so, and checks that nothing is left of it. */
  <T extends MirrorException> T refused(Class<T> kind, MirrorBuilder builder) {
    List<@Nullable String> source = footprint(databases.source());
    List<@Nullable String> destination = footprint(databases.destination());
    Throwable thrown;
    String heard;
    try (Overheard log = new Overheard()) {
      thrown = catchThrowable(() -> startAndDrop(builder));
      heard = log.text();
    }
    assertThat(thrown).isInstanceOf(kind);
    T refusal = kind.cast(thrown);
    assertThat(refusal.mirror()).isEqualTo(MIRROR);
    assertThat(refusal).hasMessageStartingWith("mirror '" + MIRROR + "'");
    assertThat(footprint(databases.source())).as("left on the source").isEqualTo(source);
    assertThat(footprint(databases.destination()))
        .as("left on the destination")
        .isEqualTo(destination);
    assertUnlocked(databases.source());
    assertUnlocked(databases.destination());
    assertThat(heard).as("log").doesNotContain(": created ");
    assertSecret(heard + "\n" + ThrowableProxyUtil.asString(new ThrowableProxy(refusal)));
    return refusal;
  }

  private void assertSecret(String told) {
    assertThat(told)
        .doesNotContain(
            PASSWORD, databases.source().password(), databases.destination().password());
  }

  /** A mirror that was not refused must not spoil what the fixture checks next. */
  private static void startAndDrop(MirrorBuilder builder) {
    try (MirrorHandle handle = builder.build().start()) {
      handle.drop();
    }
  }

  /** What a start could leave in a database. */
  static List<@Nullable String> footprint(TestDatabase database) {
    List<@Nullable String> footprint = new ArrayList<>(database.queryStrings(FOOTPRINT));
    for (@Nullable String table : database.queryStrings(CHECKPOINT_TABLES)) {
      footprint.addAll(
          database.queryStrings(
              "SELECT '" + table + " ' || t::text FROM " + table + " t ORDER BY 1"));
    }
    return footprint;
  }

  /** The server notices only after a moment that a session, and so its lock, has ended. */
  private static void assertUnlocked(TestDatabase database) {
    Await.value(SOON, "no advisory lock", () -> database.queryStrings(LOCKS), List::isEmpty);
  }
}
