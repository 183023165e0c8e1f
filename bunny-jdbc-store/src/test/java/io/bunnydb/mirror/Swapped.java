package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.inTransaction;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.testing.Await;
import io.bunnydb.testing.TestDatabase;
import java.sql.Connection;

/** How the tests of a resync by swap hold it up, and see how far it is. */
final class Swapped {
  private Swapped() {}

  /** Has copies wait until the connection is closed: a snapshot waits for those that write. */
  static Connection holdCopies(TestDatabase source) {
    source.execute("CREATE TABLE IF NOT EXISTS held (id int)");
    return inTransaction(source, "INSERT INTO held VALUES (1)");
  }

  /** Waits until the first table's shadow has come as far as that. */
  static void awaitShadow(TestDatabase destination, String state) {
    Await.until(
        SOON,
        "the shadow is " + state,
        () ->
            destination.queryLong(
                    "SELECT count(*) FROM bunny.table_checkpoint WHERE shadow_state = ?", state)
                > 0);
  }

  /** Fails if the destination has a shadow. */
  static void assertNoShadow(TestDatabase destination) {
    assertThat(
            destination.queryStrings(
                "SELECT relname FROM pg_class WHERE relname LIKE 'bunny\\_shadow\\_%'"))
        .isEmpty();
  }

  /** Waits until the destination has none. */
  static void awaitNoShadow(TestDatabase destination) {
    Await.until(
        SOON,
        "no shadow is left",
        () ->
            destination.queryLong(
                    "SELECT count(*) FROM pg_class WHERE relname LIKE 'bunny\\_shadow\\_%'")
                == 0);
  }
}
