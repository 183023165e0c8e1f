package io.bunnydb.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The second example as its reader meets it, but with fewer rows. */
final class SchemaChangeAndVerifyIT {
  @TempDir private static Path programs;

  @TempDir private Path folder;

  @Test
  void showsASchemaChangeAComparisonARepairAndAResync() throws Exception {
    try (QuickstartProcess example =
        QuickstartProcess.launch(SchemaChangeAndVerify.class, folder, programs, 5_000, "PT0S")) {
      int exitCode = example.awaitEnd();

      String output = example.output();
      assertThat(exitCode).as(output).isZero();
      assertThat(output)
          .containsPattern("APPLIED ALTER TABLE \"shop\".\"customers\" ADD COLUMN \"plan\" text")
          .containsPattern("WAITS ALTER TABLE \"shop\".\"customers\" .* SET NOT NULL")
          .containsPattern("APPLIED ALTER TABLE \"shop\".\"customers\" .* SET NOT NULL")
          .containsPattern("APPLIED ALTER TABLE \"shop\".\"reviews\" .* integer")
          .containsPattern("shop.customers: EQUAL, rows ")
          // The application may have written one of the three again by itself.
          .containsPattern("shop.customers: DIFFERENT, .*, [23] different")
          .containsPattern("DIFFERENT \\{id=[1-3]}")
          .containsPattern("shop.order_lines: DIFFERENT, .*, [1-9] missing")
          .containsPattern("shop.reviews: DIFFERENT, .*, 1 additional")
          .containsPattern("ADDITIONAL \\{id=-1}")
          .containsPattern("shop.customers: REPAIRED, .*, [1-3] repaired")
          .contains("shop.page_views is LIVE again")
          .endsWith("Source and destination: identical\n" + QuickstartProcess.END);
      assertThat(folder).isEmptyDirectory();
    }
  }
}
