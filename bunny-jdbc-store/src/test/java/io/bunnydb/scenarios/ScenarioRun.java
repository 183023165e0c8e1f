package io.bunnydb.scenarios;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.bunnydb.ExistingRowPolicy;
import io.bunnydb.Mirror;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.MissingRowPolicy;
import io.bunnydb.Peer;
import io.bunnydb.PreflightException;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.TableStatus;
import io.bunnydb.TableVerification;
import io.bunnydb.VerifyOptions;
import io.bunnydb.VerifyReport;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.scenarios.Scenario.Step;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TableComparison;
import io.bunnydb.testing.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs a scenario. The steps:
 *
 * <dl>
 *   <dt>{@code source}, {@code destination}, {@code both}
 *   <dd>run statements, each in a transaction of its own unless they say BEGIN. {@code source two}
 *       does so in a second session, named "two"
 *   <dt>{@code fails}
 *   <dd>{@code fails source} or {@code fails destination}: runs a statement, and expects the server
 *       to refuse it; the lines of its body after a line {@code because} are parts of the error
 *   <dt>{@code encoding}
 *   <dd>{@code encoding source LATIN1}: makes that side's database anew in an encoding
 *   <dt>{@code setting}
 *   <dd>{@code setting destination TimeZone = 'Asia/Tokyo'}: what sessions find in that side's
 *       database from then on
 *   <dt>{@code with}
 *   <dd>sets an option of the mirror to be: {@code initialSnapshot false}, {@code createTables
 *       false}, {@code onExistingRow OVERWRITE}, {@code onMissingRow STOP}, {@code maxBatchBytes
 *       65536}, {@code publication p}, {@code store memory}
 *   <dt>{@code role}
 *   <dd>{@code role writer}: makes that role on the destination, which may create schemas there;
 *       the mirror to be writes as this role. The body gives it its rights, as a superuser
 *   <dt>{@code mirror}
 *   <dd>starts it and waits until every table is copied and follows; {@code start} does not wait
 *   <dt>{@code refused}
 *   <dd>starts it, and expects that to be refused; the lines of its body after a line {@code
 *       because} are parts of the reason
 *   <dt>{@code wait}, {@code pause}, {@code resume}, {@code close}, {@code restart}, {@code tables}
 *   <dd>wait until all that is committed has arrived; operate the mirror; {@code restart} closes it
 *       first if it is not; {@code tables} takes the whole new list
 *   <dt>{@code sequences}
 *   <dd>{@code sequences 100}: carries the sequences over with a margin
 *   <dt>{@code stops}
 *   <dd>waits until the mirror pauses itself; the body holds parts of its error
 *   <dt>{@code missing}
 *   <dd>{@code missing public.t 2}: how many changes met no row there
 *   <dt>{@code same}
 *   <dd>waits, and expects equal rows in every mapped table, or in those named; columns that are
 *       excluded and rows that are filtered out aside. A mirror that runs has to find that, too
 *   <dt>{@code shows}
 *   <dd>{@code shows source} or {@code shows destination}: runs the query of its body; the lines
 *       that begin with {@code =>} are the rows expected
 * </dl>
 */
final class ScenarioRun implements AutoCloseable {
  static final Duration SOON = Duration.ofSeconds(60);
  private static final VerifyOptions VERIFY = VerifyOptions.defaults().workShare(1);
  private static final String MIRROR = "scenario";
  private static final String PASSWORD = "secret of the role";

  private final MirrorDatabases databases;
  private final Sessions sessions;
  private final CheckpointStore memory = CheckpointStore.inMemory();
  private final List<String[]> options = new ArrayList<>();
  private List<TableMapping> tables = List.of();
  private Peer destination;
  private @Nullable MirrorHandle handle;

  ScenarioRun(MirrorDatabases databases) {
    this.databases = databases;
    this.sessions = new Sessions(databases);
    this.destination = databases.destination().peer();
  }

  void run(Scenario scenario) {
    for (Step step : scenario.steps()) {
      try {
        run(step);
      } catch (AssertionError | RuntimeException | SQLException e) {
        throw new AssertionError(step + "\n" + e.getMessage(), e);
      }
    }
  }

  private void run(Step step) throws SQLException {
    switch (step.verb()) {
      case "source" -> sessions.run(databases.source(), step.argument(), step.body());
      case "destination" -> sessions.run(databases.destination(), step.argument(), step.body());
      case "both" -> {
        sessions.run(databases.source(), step.argument(), step.body());
        sessions.run(databases.destination(), step.argument(), step.body());
      }
      case "fails" -> fails(step);
      case "encoding" -> {
        String[] words = step.argument().split(" ", 2);
        side(words[0]).recreate(words[1]);
      }
      case "setting" -> {
        String[] words = step.argument().split(" ", 2);
        TestDatabase side = side(words[0]);
        side.execute("ALTER DATABASE \"" + side.name() + "\" SET " + words[1]);
      }
      case "with" -> options.add(step.argument().split(" ", 2));
      case "role" -> role(step.argument(), step.body());
      case "start" -> start(Mappings.of(step.body()));
      case "mirror" -> {
        start(Mappings.of(step.body()));
        awaitArrival();
      }
      case "refused" -> refused(step.body());
      case "wait" -> awaitArrival();
      case "pause" -> operated().pause();
      case "resume" -> operated().resume();
      case "close" -> operated().close();
      case "restart" -> {
        operated().close();
        start(tables.toArray(TableMapping[]::new));
      }
      case "tables" -> {
        tables = List.of(Mappings.of(step.body()));
        operated().updateTables(tables.toArray(TableMapping[]::new));
      }
      case "sequences" -> operated().syncSequences(Long.parseLong(step.argument()));
      case "stops" -> stops(step.body());
      case "missing" -> missing(step.argument());
      case "same" -> same(step.argument());
      case "shows" -> shows(step);
      default -> throw new IllegalArgumentException("unknown verb " + step.verb());
    }
  }

  private void fails(Step step) {
    int because = step.body().indexOf("because");
    TestDatabase side = side(step.argument());
    Throwable error = catchThrowable(() -> sessions.run(side, "", step.body().subList(0, because)));
    assertThat(error).isInstanceOf(SQLException.class);
    step.body()
        .subList(because + 1, step.body().size())
        .forEach(reason -> assertThat(error).hasMessageContaining(reason.strip()));
  }

  private TestDatabase side(String name) {
    return switch (name) {
      case "source" -> databases.source();
      case "destination" -> databases.destination();
      default -> throw new IllegalArgumentException("neither source nor destination: " + name);
    };
  }

  private void role(String name, List<String> grants) throws SQLException {
    TestDatabase side = databases.destination();
    side.execute(
        "CREATE ROLE " + name + " LOGIN PASSWORD '" + PASSWORD + "'",
        "GRANT CREATE ON DATABASE " + side.name() + " TO " + name);
    sessions.run(side, "", grants);
    destination = Peer.of(destination.name(), side.url(), name, PASSWORD);
  }

  private MirrorHandle operated() {
    MirrorHandle running = handle;
    if (running == null) {
      throw new IllegalStateException("no mirror runs yet");
    }
    return running;
  }

  private void start(TableMapping... mappings) {
    tables = List.of(mappings);
    handle = mirror().start();
  }

  private Mirror mirror() {
    MirrorBuilder builder =
        Mirror.builder(MIRROR)
            .source(databases.source().peer())
            .destination(destination)
            .checkpointStore(JdbcCheckpointStore.inDestination());
    for (String[] option : options) {
      switch (option[0]) {
        case "initialSnapshot" -> builder.initialSnapshot(Boolean.parseBoolean(option[1]));
        case "createTables" -> builder.createTables(Boolean.parseBoolean(option[1]));
        case "onExistingRow" -> builder.onExistingRow(ExistingRowPolicy.valueOf(option[1]));
        case "onMissingRow" -> builder.onMissingRow(MissingRowPolicy.valueOf(option[1]));
        case "maxBatchBytes" -> builder.maxBatchBytes(Integer.parseInt(option[1]));
        case "publication" -> builder.publication(option[1]);
        case "store" -> builder.checkpointStore(memory);
        default -> throw new IllegalArgumentException("unknown option " + option[0]);
      }
    }
    return builder.tables(tables.toArray(TableMapping[]::new)).build();
  }

  private void refused(List<String> body) {
    int because = body.indexOf("because");
    tables = List.of(Mappings.of(body.subList(0, because)));
    Throwable refusal = catchThrowable(() -> handle = mirror().start());
    assertThat(refusal).isInstanceOf(PreflightException.class);
    body.subList(because + 1, body.size())
        .forEach(reason -> assertThat(refusal).hasMessageContaining(reason.strip()));
  }

  private void awaitArrival() {
    operated().awaitCaughtUp(SOON);
  }

  private void stops(List<String> reasons) {
    Await.until(
        SOON,
        "the mirror pauses itself",
        () ->
            operated().status().state() == MirrorState.PAUSED
                && operated().status().error() != null);
    String error = String.valueOf(operated().status().error());
    reasons.forEach(reason -> assertThat(error).contains(reason.strip()));
  }

  private void missing(String argument) {
    awaitArrival();
    String[] words = argument.split(" ", -1);
    TableStatus status =
        operated().status().tables().stream()
            .filter(table -> table.source().toString().equals(words[0]))
            .findFirst()
            .orElseThrow();
    assertThat(status.rowsMissing()).isEqualTo(Long.parseLong(words[1]));
  }

  private void same(String named) {
    awaitArrival();
    List<TableName> compared = new ArrayList<>();
    for (TableMapping table : tables) {
      if (named.isEmpty() || List.of(named.split(", ")).contains(table.source().toString())) {
        compared.add(table.source());
        String columns = sessions.columns(databases.source(), table);
        TableComparison.assertQueriesEqual(
            databases.source(),
            "SELECT "
                + columns
                + " FROM "
                + sessions.from(databases.source(), table.source())
                + (table.filter() == null ? "" : " WHERE " + table.filter()),
            databases.destination(),
            "SELECT " + columns + " FROM " + table.destination().toSql());
      }
    }
    if (!compared.isEmpty() && operated().status().state() == MirrorState.RUNNING) {
      VerifyReport report = operated().verify(VERIFY, compared.toArray(TableName[]::new));
      assertThat(report.tables())
          .allMatch(table -> table.outcome() == TableVerification.Outcome.EQUAL);
    }
  }

  private void shows(Step step) {
    if (handle != null && operated().status().error() == null) {
      awaitArrival();
    }
    List<String> query = new ArrayList<>();
    List<@Nullable String> rows = new ArrayList<>();
    for (String line : step.body()) {
      if (line.startsWith("=>")) {
        rows.add(line.substring(2).strip());
      } else {
        query.add(line);
      }
    }
    String sql = "SELECT row::text FROM (" + String.join("\n", query) + ") AS row";
    assertThat(side(step.argument()).queryStrings(sql)).isEqualTo(rows);
  }

  /** Drops the mirror, so that the fixture finds nothing left. */
  @Override
  public void close() {
    sessions.close();
    try (MirrorHandle last = handle) {
      if (last != null) {
        last.drop();
      }
    } catch (MirrorException e) {
      throw new AssertionError("the mirror could not be dropped", e);
    }
  }
}
