package io.bunnydb.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Mirror;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.mirror.MirrorProcess.Order;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.MirrorDatabases;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a mirror holds in memory does not grow with the transaction. */
final class SmallHeapIT {
  private static final Duration SOON = Duration.ofMinutes(3);
  private static final int HEAP_MEGABYTES = 64;

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  /** The transaction's rows alone, as they are sent, are some 100 MB. */
  @Test
  void appliesATransactionThatIsLargerThanItsMemory() throws Exception {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, n int, t text)",
            "CREATE TABLE b (id int PRIMARY KEY)");
    List<String> tables = List.of("public.a", "public.b");
    try (ChildMirror child =
        ChildMirror.launch(databases, "heap", HEAP_MEGABYTES, 1 << 20, tables)) {
      Await.value(SOON, "it runs", () -> child.order(Order.TELL), MirrorState.RUNNING::equals);
      databases
          .source()
          .execute(
              """
              BEGIN;
              INSERT INTO a SELECT i, 0, repeat(md5(i::text), 12) FROM generate_series(1, 200000) i;
              UPDATE a SET n = 1 WHERE id <= 40000;
              DELETE FROM a WHERE id > 170000;
              COMMIT
              """,
              "INSERT INTO b VALUES (1)");
      Await.until(
          SOON,
          "what follows the transaction has arrived",
          () -> databases.destination().queryLong("SELECT count(*) FROM b") == 1);

      assertThat(child.order(Order.TELL)).isEqualTo(MirrorState.RUNNING);
      databases.assertMirrored("public.a");
      child.end();
    }
    try (MirrorHandle handle =
        Mirror.builder("heap")
            .source(databases.source().peer())
            .destination(databases.destination().peer())
            .checkpointStore(JdbcCheckpointStore.inDestination())
            .table("public.a")
            .table("public.b")
            .build()
            .start()) {
      handle.drop();
    }
  }
}
