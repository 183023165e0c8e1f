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

  /** One after the other, behind one warm-up for all three. */
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
      // Buffers and arrays grow to the size of the batches that are measured, and code is compiled.
      for (int i = 0; i < 2; i++) {
        apply(handle, INSERT);
        apply(handle, UPDATE);
        apply(handle, DELETE);
      }
      double ofInsert = allocated(handle, INSERT);
      double ofUpdate = allocated(handle, UPDATE);
      databases.assertMirrored("public.a");
      double ofDelete = allocated(handle, DELETE);
      databases.assertMirrored("public.a");
      handle.drop();

      // No object is so small; the rest is a batch's buffer.
      assertThat(ofInsert).isBetween(0.0, 15.0);
      assertThat(ofUpdate).isBetween((double) VALUE_BYTES, 2.5 * VALUE_BYTES);
      // The bytes of the key.
      assertThat(ofDelete).isBetween(8.0, 32.0);
    }
  }

  private static void apply(MirrorHandle handle, String statement) {
    databases.source().execute(statement);
    handle.awaitCaughtUp(SOON);
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
    apply(handle, statement);
    return (threads.getThreadAllocatedBytes(thread) - before) / (double) ROWS;
  }
}
