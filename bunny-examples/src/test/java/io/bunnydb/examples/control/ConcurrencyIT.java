package io.bunnydb.examples.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.examples.control.TestServer.Answer;
import io.bunnydb.testing.MirrorDatabases;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Commands that come at the same time: none that was accepted is lost. */
final class ConcurrencyIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static final String M = "/v1/mirrors/m";
  private static final String A = TestServer.tables("public.a");
  private static final String A_AND_B = TestServer.tables("public.a", "public.b");

  private final ExecutorService callers = Executors.newCachedThreadPool();

  @BeforeEach
  void createTables() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY)",
            "CREATE TABLE b (id int PRIMARY KEY)",
            "INSERT INTO a SELECT generate_series(1, 100)");
  }

  @AfterEach
  void endCallers() {
    callers.shutdown();
  }

  @SafeVarargs
  private List<Answer> atOnce(Supplier<Answer>... calls) throws Exception {
    CyclicBarrier start = new CyclicBarrier(calls.length);
    List<Future<Answer>> futures = new ArrayList<>();
    for (Supplier<Answer> call : calls) {
      futures.add(
          callers.submit(
              () -> {
                start.await(10, TimeUnit.SECONDS);
                return call.get();
              }));
    }
    List<Answer> answers = new ArrayList<>();
    for (Future<Answer> future : futures) {
      answers.add(get(future));
    }
    return answers;
  }

  private static Answer get(Future<Answer> future) throws Exception {
    try {
      return future.get(60, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    }
  }

  private static List<Integer> statuses(List<Answer> answers) {
    return answers.stream().map(Answer::status).toList();
  }

  @Test
  void ofTwoCreationsAndTwoDeletionsOneIsAccepted() throws Exception {
    String creation = TestServer.creation("m", "public.a");
    try (TestServer server = TestServer.start(databases)) {
      for (int round = 0; round < 3; round++) {
        List<Answer> created =
            atOnce(
                () -> server.post("/v1/mirrors", creation),
                () -> server.post("/v1/mirrors", creation));
        assertThat(statuses(created)).containsExactlyInAnyOrder(201, 409);
        server.awaitStatus("m", "RUNNING");
        List<Answer> deleted = atOnce(() -> server.delete(M), () -> server.delete(M));
        assertThat(statuses(deleted)).contains(200).isSubsetOf(200, 404, 409);
        assertThat(server.get(M).status()).isEqualTo(404);
        databases.destination().execute("TRUNCATE a");
      }
      server.createRunning("m", "public.a");
      server.drop("m");
    }
  }

  @Test
  void whatWasAcceptedHolds() throws Exception {
    try (TestServer server = TestServer.start(databases)) {
      server.createRunning("m", "public.a");
      server.post(M + "/pause");
      for (int round = 0; round < 6; round++) {
        String list = round % 2 == 0 ? A_AND_B : A;
        databases.destination().execute("DROP TABLE IF EXISTS b");
        List<Answer> answers =
            atOnce(() -> server.put(M + "/tables", list), () -> server.post(M + "/resume"));
        assertThat(answers.get(1).status()).as(answers.get(1).text()).isEqualTo(200);
        assertThat(answers.get(0).status()).as(answers.get(0).text()).isIn(200, 409);
        server.awaitStatus("m", "RUNNING");
        if (answers.get(0).status() == 200) {
          assertThat(server.get(M + "/tables").json()).hasSize(list.equals(A) ? 1 : 2);
        }
        server.post(M + "/pause").message();
        assertThat(server.get(M).json().get("status").textValue()).isEqualTo("PAUSED");
      }
      server.post(M + "/resume");
      server.drop("m");
    }
  }

  @Test
  void manyCallersLeaveAMirrorThatWorks() throws Exception {
    try (TestServer server = TestServer.start(databases)) {
      server.createRunning("m", "public.a");
      for (int round = 0; round < 5; round++) {
        List<Answer> answers =
            atOnce(
                () -> server.post(M + "/pause"),
                () -> server.post(M + "/resume"),
                () -> server.post(M + "/retry"),
                () -> server.get(M),
                () -> server.post(M + "/resume"),
                () -> server.post(M + "/pause"));
        assertThat(statuses(answers)).isSubsetOf(200, 409);
        databases.source().execute("INSERT INTO a SELECT max(id) + 1 FROM a");
        assertThat(server.post(M + "/pause").status()).isEqualTo(200);
        assertThat(server.get(M).json().get("status").textValue()).isEqualTo("PAUSED");
        assertThat(server.post(M + "/resume").status()).isEqualTo(200);
        TestServer.awaitMirrored(databases, "public.a");
      }
      server.drop("m");
    }
  }
}
