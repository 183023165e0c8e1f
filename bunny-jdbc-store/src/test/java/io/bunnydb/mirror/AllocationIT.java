package io.bunnydb.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.bunnydb.Mirror;
import io.bunnydb.MirrorHandle;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.testing.MirrorDatabases;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What the applying thread allocates for a row in the steady state: nothing for one that goes into
 * a {@code COPY}, and for one in a set the bytes of its values, which the driver wants in one array
 * for each parameter.
 */
final class AllocationIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int ROWS = 100_000;
  private static final int VALUE_BYTES = 8 + 4 + 36 + 8; // id, n, t, at; without lengths

  private static final String INSERT =
      "INSERT INTO a SELECT i, i, md5(i::text) || 'text', now() FROM generate_series(1, "
          + ROWS
          + ") i";
  private static final String UPDATE = "UPDATE a SET n = n + 1, t = t || '!'";
  private static final String DELETE = "DELETE FROM a";

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @Test
  void allocatesNothingForARowThatIsCopiedAndForOneInASetTheBytesOfItsValues() {
    databases
        .source()
        .execute("CREATE TABLE a (id bigint PRIMARY KEY, n int, t text, at timestamptz)");
    try (MirrorHandle handle =
        Mirror.builder("allocation")
            .source(databases.source().peer())
            .destination(databases.destination().peer())
            .table("public.a")
            .checkpointStore(JdbcCheckpointStore.inDestination())
            // What a larger batch needs is given back, and so is not of the steady state.
            .maxBatchBytes(1 << 20)
            .build()
            .start()) {
      // The least of some rounds: buffers and arrays grow with the batches, whose sizes depend on
      // how far the mirror is behind, and code is compiled.
      double ofInsert = Double.MAX_VALUE;
      double ofUpdate = Double.MAX_VALUE;
      double ofDelete = Double.MAX_VALUE;
      for (int i = 0; i < 3; i++) {
        ofInsert = Math.min(ofInsert, allocated(handle, INSERT));
        ofUpdate = Math.min(ofUpdate, allocated(handle, UPDATE));
        databases.assertMirrored("public.a");
        ofDelete = Math.min(ofDelete, allocated(handle, DELETE));
        databases.assertMirrored("public.a");
      }
      handle.drop();

      // No object is so small; the rest is a batch's buffer.
      assertThat(ofInsert).isBetween(0.0, 15.0);
      assertThat(ofUpdate).isBetween((double) VALUE_BYTES, 2.5 * VALUE_BYTES);
      // The bytes of the key.
      assertThat(ofDelete).isBetween(8.0, 32.0);
    }
  }

  /** Bytes per row. */
  private double allocated(MirrorHandle handle, String statement) {
    long thread =
        Thread.getAllStackTraces().keySet().stream()
            .filter(t -> t.getName().equals("bunny-allocation-apply"))
            .findAny()
            .orElseThrow()
            .getId();
    long before = threads.getThreadAllocatedBytes(thread);
    databases.source().execute(statement);
    handle.awaitCaughtUp(SOON);
    return (threads.getThreadAllocatedBytes(thread) - before) / (double) ROWS;
  }
}
