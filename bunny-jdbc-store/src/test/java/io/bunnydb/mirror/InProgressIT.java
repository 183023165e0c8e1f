package io.bunnydb.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Mirror;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.TableMapping;
import io.bunnydb.TableStatus;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Transactions that the source sends before they commit, as it does with large ones. */
final class InProgressIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String APPLYING =
      "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
          + " AND application_name LIKE 'bunny large apply%' AND xact_start IS NOT NULL";

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private TestDatabase source;
  private TestDatabase destination;
  private Connection writer;
  private Connection other;

  @BeforeEach
  void takeDatabases() throws SQLException {
    source = databases.source();
    destination = databases.destination();
    source.execute(
        "ALTER DATABASE " + source.name() + " SET logical_decoding_work_mem = '64kB'",
        "CREATE TABLE a (id bigint PRIMARY KEY, n int, t text)",
        "CREATE TABLE b (id bigint PRIMARY KEY, n int)",
        "INSERT INTO a SELECT i, 0, 'old' FROM generate_series(-1000, -1) i");
    writer = source.connection();
    writer.setAutoCommit(false);
    other = source.connection();
  }

  @AfterEach
  void closeWriters() throws SQLException {
    writer.close();
    other.close();
  }

  private static MirrorBuilder mirror() {
    return Mirror.builder("large")
        .source(databases.source().peer())
        .destination(databases.destination().peer())
        .table("public.a")
        .table("public.b")
        .checkpointStore(JdbcCheckpointStore.inDestination());
  }

  private static MirrorHandle following() {
    MirrorHandle handle = mirror().build().start();
    handle.awaitCaughtUp(SOON);
    return handle;
  }

  private static void execute(Connection connection, String... statements) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private static String insert(int from, int to) {
    return "INSERT INTO a SELECT i, i % 7, repeat('x', 90) FROM generate_series("
        + (from + ", " + to + ") i");
  }

  private void awaitApplying(long sessions) {
    Await.value(
        SOON,
        "transactions in progress are applied",
        () -> destination.queryLong(APPLYING),
        count -> count == sessions);
  }

  private static TableStatus statusOfA(MirrorHandle handle) {
    return handle.status().tables().get(0);
  }

  @Test
  void appliesWhatIsNotCommittedAndShowsItWhenItIs() throws SQLException {
    try (MirrorHandle handle = following()) {
      execute(writer, insert(1, 5000), "UPDATE a SET n = n + 1 WHERE id < 3000");
      awaitApplying(1);
      execute(other, "INSERT INTO b VALUES (1, 1)", "INSERT INTO b VALUES (2, 2)");
      handle.awaitCaughtUp(SOON);
      assertThat(destination.queryLong("SELECT count(*) FROM b")).isEqualTo(2);
      assertThat(destination.queryLong("SELECT count(*) FROM a")).isEqualTo(1000);
      assertThat(statusOfA(handle).rowsInserted()).isZero();

      execute(writer, "DELETE FROM a WHERE id % 10 = 0");
      writer.commit();
      execute(other, "UPDATE a SET t = 'after' WHERE id % 3 = 0");
      handle.awaitCaughtUp(SOON);

      awaitApplying(0);
      databases.assertMirrored("public.a", "public.b");
      assertThat(statusOfA(handle).rowsInserted()).isEqualTo(5000);
      assertThat(statusOfA(handle).rowsDeleted()).isEqualTo(600);
      handle.drop();
    }
  }

  @Test
  void forgetsWhatIsRolledBack() throws SQLException {
    try (MirrorHandle handle = following()) {
      execute(writer, insert(1, 5000), "UPDATE a SET n = 5");
      awaitApplying(1);
      writer.rollback();
      awaitApplying(0);
      execute(other, insert(2, 20), "UPDATE a SET n = n + 1 WHERE id < 10");
      handle.awaitCaughtUp(SOON);

      databases.assertMirrored("public.a", "public.b");
      assertThat(statusOfA(handle).rowsInserted()).isEqualTo(19);
      handle.drop();
    }
  }

  @Test
  void undoesSubtransactionsOneInTheOther() throws SQLException {
    try (MirrorHandle handle = following()) {
      execute(writer, insert(1, 2000), "SAVEPOINT one", "UPDATE a SET n = 100 WHERE id < 1500");
      execute(writer, "SAVEPOINT two", insert(2001, 4000), "DELETE FROM a WHERE id < 500");
      execute(writer, "ROLLBACK TO two", insert(3000, 5000), "RELEASE one");
      execute(writer, "SAVEPOINT three", insert(6000, 9000), "ROLLBACK TO three");
      execute(writer, "SAVEPOINT four", "UPDATE a SET t = t || 'y'", "RELEASE four");
      execute(writer, "SAVEPOINT five", "TRUNCATE a", insert(1, 3000), "ROLLBACK TO five");
      execute(writer, "DELETE FROM a WHERE id % 5 = 0");
      writer.commit();
      handle.awaitCaughtUp(SOON);

      databases.assertMirrored("public.a", "public.b");
      assertThat(statusOfA(handle).rowsInserted()).isEqualTo(2000 + 2001);
      handle.drop();
    }
  }

  @Test
  void keepsSeveralApart() throws SQLException {
    try (MirrorHandle handle = following();
        Connection third = source.connection()) {
      third.setAutoCommit(false);
      execute(writer, insert(1, 3000));
      execute(third, insert(10001, 13000));
      awaitApplying(2);
      execute(writer, "UPDATE a SET n = -1 WHERE id BETWEEN 1 AND 3000");
      execute(third, "DELETE FROM a WHERE id BETWEEN 10001 AND 11000", insert(20000, 23000));
      third.commit();
      execute(other, "UPDATE a SET t = 'of the third' WHERE id > 12000");
      handle.awaitCaughtUp(SOON);
      awaitApplying(1);
      assertThat(destination.queryLong("SELECT count(*) FROM a WHERE id > 0")).isEqualTo(5001);
      writer.commit();
      handle.awaitCaughtUp(SOON);

      databases.assertMirrored("public.a");
      handle.drop();
    }
  }

  @Test
  void rollsBackForPauseAndAppliesItAgainAfterResume() throws SQLException {
    try (MirrorHandle handle = following()) {
      execute(writer, insert(1, 5000));
      awaitApplying(1);
      handle.pause();
      assertThat(destination.queryLong(APPLYING)).isZero();
      execute(writer, "UPDATE a SET n = n + 1");
      execute(other, "INSERT INTO b VALUES (1, 1)");
      handle.resume();
      awaitApplying(1);
      writer.commit();
      handle.awaitCaughtUp(SOON);

      databases.assertMirrored("public.a", "public.b");
      handle.drop();
    }
  }

  @Test
  void isNotStoppedByConflictOfWhatIsRolledBack() throws SQLException {
    try (MirrorHandle handle = following()) {
      destination.execute("INSERT INTO a VALUES (1, 1, 'of the destination alone')");
      execute(writer, insert(1, 5000));
      execute(other, "INSERT INTO b VALUES (1, 1)");
      handle.awaitCaughtUp(SOON);
      writer.rollback();
      execute(other, "INSERT INTO b VALUES (2, 2)");
      handle.awaitCaughtUp(SOON);

      destination.execute("DELETE FROM a WHERE id = 1");
      databases.assertMirrored("public.a", "public.b");
      assertThat(handle.status().state()).isEqualTo(MirrorState.RUNNING);
      assertThat(handle.status().error()).isNull();
      handle.drop();
    }
  }

  @Test
  void doesNotWaitForItselfWhereTheDestinationHasConstraintOfItsOwn() throws SQLException {
    destination.execute(
        "CREATE TABLE a (id bigint PRIMARY KEY, n int, t text)",
        "CREATE TABLE b (id bigint PRIMARY KEY, n int UNIQUE)");
    try (MirrorHandle handle = following()) {
      execute(writer, "INSERT INTO b VALUES (1, 1)", insert(1, 5000));
      awaitApplying(1);
      execute(other, "INSERT INTO b VALUES (2, 1)");
      handle.awaitCaughtUp(SOON);
      assertThat(destination.queryLong("SELECT id FROM b")).isEqualTo(2);
      execute(writer, "UPDATE b SET n = 3 WHERE id = 1");
      writer.rollback();
      execute(writer, insert(1, 5000));
      writer.commit();
      handle.awaitCaughtUp(SOON);

      databases.assertMirrored("public.a", "public.b");
      handle.drop();
    }
  }

  @Test
  void tellsShapesOfTablesApartThatOneTransactionAlters() throws SQLException {
    destination.execute(
        "CREATE TABLE a (id bigint PRIMARY KEY, n int, t text)",
        "CREATE TABLE b (id bigint PRIMARY KEY, n int, m int)");
    try (MirrorHandle handle = following()) {
      execute(other, "INSERT INTO b VALUES (1, 1)");
      execute(writer, insert(1, 2000));
      execute(writer, "ALTER TABLE b ADD m int", "INSERT INTO b VALUES (2, 2, 2)");
      execute(writer, "UPDATE a SET n = 1");
      awaitApplying(1);
      writer.rollback();
      execute(other, "INSERT INTO b VALUES (3, 3)");
      execute(writer, insert(1, 2000));
      execute(writer, "SAVEPOINT s", "ALTER TABLE b ADD m int", "INSERT INTO b VALUES (4, 4, 4)");
      execute(writer, "UPDATE a SET n = 1", "ROLLBACK TO s", "INSERT INTO b VALUES (5, 5)");
      execute(writer, "UPDATE a SET n = 2");
      writer.commit();
      execute(other, "INSERT INTO b VALUES (6, 6)");
      execute(writer, "ALTER TABLE b ADD m int", "INSERT INTO b VALUES (7, 7, 7)");
      execute(writer, "UPDATE a SET n = 3");
      writer.commit();
      execute(other, "INSERT INTO b VALUES (8, 8, 8)");
      handle.awaitCaughtUp(SOON);

      databases.assertMirrored("public.a", "public.b");
      handle.drop();
    }
  }

  @Test
  void takesTransactionThatBeganBeforeTheCopyOfTable() throws SQLException {
    source.execute("CREATE TABLE c (id bigint PRIMARY KEY, t text)");
    try (MirrorHandle handle = following()) {
      execute(writer, insert(1, 3000));
      execute(writer, "INSERT INTO c SELECT i, 'x' FROM generate_series(1, 1000) i");
      awaitApplying(1);
      handle.pause();
      handle.updateTables(
          TableMapping.from("public.a"),
          TableMapping.from("public.b"),
          TableMapping.from("public.c"));
      handle.resume();
      // The snapshot waits for the end of transactions that write.
      execute(writer, "INSERT INTO c SELECT i, 'y' FROM generate_series(1001, 3000) i");
      writer.commit();
      handle.awaitCaughtUp(SOON);

      databases.assertMirrored("public.a", "public.c");
      handle.drop();
    }
  }

  /** Of which PostgreSQL does not say that it was rolled back, as it had many changes on disk. */
  @Test
  void undoesSubtransactionOfLargeValue() throws SQLException {
    source.execute("ALTER TABLE a ALTER t SET STORAGE EXTERNAL");
    try (MirrorHandle handle = following()) {
      execute(writer, insert(1, 1000));
      awaitApplying(1);
      execute(writer, "SAVEPOINT s", "INSERT INTO a VALUES (2000, 0, repeat('large', 2000000))");
      execute(writer, insert(3000, 3020));
      awaitApplying(0);
      execute(writer, "ROLLBACK TO s", insert(10000, 12000));
      writer.commit();
      handle.awaitCaughtUp(SOON);

      databases.assertMirrored("public.a");
      assertThat(statusOfA(handle).rowsInserted()).isEqualTo(1000 + 2001);
      handle.drop();
    }
  }

  @Test
  void passesOverLargeTransactionsOfOtherTables() throws SQLException {
    source.execute("CREATE TABLE c (id bigint PRIMARY KEY, t text)");
    try (MirrorHandle handle = following()) {
      execute(writer, "INSERT INTO c SELECT i, 'x' FROM generate_series(1, 5000) i");
      execute(other, "INSERT INTO b VALUES (1, 1)");
      handle.awaitCaughtUp(SOON);
      assertThat(destination.queryLong(APPLYING)).isZero();
      execute(writer, "INSERT INTO b VALUES (2, 2)");
      writer.commit();
      execute(writer, "INSERT INTO c SELECT i, 'x' FROM generate_series(5001, 10000) i");
      writer.commit();
      handle.awaitCaughtUp(SOON);

      databases.assertMirrored("public.b");
      handle.drop();
    }
  }

  @Test
  void isNotStoppedByErrorOfTheSourceInWhatIsRolledBack() throws SQLException {
    source.execute("CREATE TABLE c (id bigint PRIMARY KEY, n int NOT NULL, t text)");
    source.execute("ALTER TABLE c REPLICA IDENTITY FULL");
    MirrorBuilder builder = mirror().tables(TableMapping.from("public.c").where("(10 / n) > 0"));
    try (MirrorHandle handle = builder.build().start()) {
      handle.awaitCaughtUp(SOON);
      execute(writer, "INSERT INTO c SELECT i, 0, 'x' FROM generate_series(1, 5000) i");
      execute(other, "INSERT INTO b VALUES (1, 1)");
      writer.rollback();
      execute(other, "INSERT INTO b VALUES (2, 2)", "INSERT INTO c VALUES (1, 1, 'y')");
      handle.awaitCaughtUp(SOON);

      databases.assertMirrored("public.b", "public.c");
      assertThat(handle.status().state()).isEqualTo(MirrorState.RUNNING);
      handle.drop();
    }
  }
}
