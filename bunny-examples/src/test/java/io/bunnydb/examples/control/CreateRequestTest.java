package io.bunnydb.examples.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.ResyncStrategy;
import io.bunnydb.TableMapping;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a create request is read as, and written as. */
final class CreateRequestTest {
  private static CreateRequest read(String json) {
    return CreateRequest.read(json.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void fieldsThatAreNotThereHaveTheirDefaults() {
    CreateRequest request = read(TestServer.creation("m", "public.a"));
    assertThat(request)
        .isEqualTo(
            new CreateRequest(
                "m",
                "source_db",
                "dest_db",
                List.of(TableMapping.from("public.a")),
                true,
                true,
                true,
                ResyncStrategy.SWAP,
                8_388_608,
                250_000,
                8,
                4));
  }

  @Test
  void whatIsWrittenIsReadTheSame() {
    CreateRequest request =
        read(
            """
            {"name": "M \\u00e9", "source_peer": "a", "destination_peer": "b",
             "table_mappings": [
               {"source_table": "\\"S x\\".\\"T.y\\"", "destination_table": "public.t",
                "partition_key": "Id", "exclude_columns": ["b", "a\\"'"]}],
             "do_initial_snapshot": false, "replicate_indexes": false,
             "replicate_foreign_keys": false, "resync_strategy": "truncate",
             "max_batch_size": 65536, "snapshot_num_rows_per_partition": 1,
             "snapshot_max_parallel_workers": 2, "snapshot_num_tables_in_parallel": null}
            """);
    assertThat(request.initialSnapshot()).isFalse();
    assertThat(request.resyncStrategy()).isEqualTo(ResyncStrategy.TRUNCATE);
    assertThat(request.tablesInParallel()).isEqualTo(4);
    assertThat(request.tables().get(0).excludedColumns()).containsExactly("b", "a\"'");
    assertThat(CreateRequest.ofJson(request.toJson())).isEqualTo(request);
  }

  @Test
  void theSplitFormTakesPlainNames() {
    CreateRequest request =
        read(
            TestServer.creation("m", "x.y")
                .replaceFirst(
                    "\\{\"source_table\".*}",
                    "{\"source_schema\": \"My Schema\", \"source_table\": \"T.x\","
                        + " \"destination_schema\": \"public\", \"destination_table\": \"t\"}]}"));
    assertThat(request.tables())
        .containsExactly(TableMapping.from("\"My Schema\".\"T.x\"").to("public.t"));
  }

  @Test
  void aDestinationSchemaNeedsATable() {
    assertThatThrownBy(
            () ->
                read(
                    TestServer.creation("m", "x.y")
                        .replace(
                            "\"destination_table\": \"x.y\"", "\"destination_schema\": \"z\"")))
        .isInstanceOf(FieldException.class)
        .hasMessage("table_mappings[0].destination_table: is missing");
  }
}
