package io.bunnydb.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Mirror;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.Peer;
import io.bunnydb.TableStatus;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import io.bunnydb.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Batches large enough to be written by their net effect, and those where that would not do. What
 * the destination was told is read from its log.
 */
final class SetIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String SET = "(SELECT unnest(CAST($1 AS pg_catalog.\"";

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private TestDatabase source;
  private TestDatabase destination;

  @BeforeEach
  void takeDatabases() {
    source = databases.source();
    destination = databases.destination();
  }

  private MirrorBuilder mirror() {
    return Mirror.builder("sets")
        .source(source.peer())
        .destination(destination.peer())
        .checkpointStore(JdbcCheckpointStore.inDestination());
  }

  /** Starts to follow, with the destination's log telling of every statement from then on. */
  private MirrorHandle following(MirrorBuilder builder) {
    destination.execute(
        "ALTER DATABASE " + destination.name() + " SET log_statement = 'all'",
        "ALTER DATABASE " + destination.name() + " SET log_min_error_statement = 'panic'");
    MirrorHandle handle = builder.build().start();
    handle.awaitCaughtUp(SOON);
    return handle;
  }

  private long told(String statement) {
    return destination
        .server()
        .log()
        .lines()
        .filter(line -> line.contains(" " + destination.name() + " ") && line.contains(statement))
        .count();
  }

  private static TableStatus only(MirrorHandle handle) {
    return handle.status().tables().get(0);
  }

  @Test
  void writesEachKindOfChangeByOneStatement() {
    source.execute(
        "CREATE TABLE a (id bigint PRIMARY KEY, n int, t text)",
        "CREATE TABLE b (x uuid, y int, tags text[], d numeric(8,2), PRIMARY KEY (x, y))",
        "INSERT INTO a SELECT i, i, 'row ' || i FROM generate_series(1, 1000) i",
        "INSERT INTO b SELECT md5(i::text)::uuid, i % 7, ARRAY['a', NULL, i::text], i / 7.0"
            + " FROM generate_series(1, 1000) i");
    try (MirrorHandle handle = following(mirror().table("public.a").table("public.b"))) {
      source.execute(
          """
          DO $$ BEGIN
            FOR i IN 1..300 LOOP
              UPDATE a SET n = -n, t = CASE WHEN i % 3 = 0 THEN NULL ELSE t END WHERE id = 3 * i;
              UPDATE b SET d = d + 1 WHERE x = md5(i::text)::uuid;
              INSERT INTO a VALUES (-i, i, E'tab\\t quote" back\\\\slash {brace}');
              UPDATE a SET n = n + 1 WHERE id = 3 * i;
              DELETE FROM b WHERE x = md5((i + 500)::text)::uuid;
              UPDATE b SET tags = '{{1,2},{3,4}}' WHERE x = md5(i::text)::uuid AND i % 2 = 0;
            END LOOP;
          END $$
          """);
      handle.awaitCaughtUp(SOON);

      databases.assertMirrored("public.a", "public.b");
      assertThat(told("UPDATE ONLY \"public\".\"a\"")).isEqualTo(1);
      assertThat(told("UPDATE ONLY \"public\".\"b\"")).isEqualTo(1);
      assertThat(told("DELETE FROM ONLY \"public\".\"b\"")).isEqualTo(1);
      assertThat(told("COPY \"public\".\"a\"")).isEqualTo(1 + 1); // the first copy, too
      assertThat(only(handle).rowsUpdated()).isEqualTo(600);
      assertThat(only(handle).rowsInserted()).isEqualTo(300);
      handle.drop();
    }
  }

  @Test
  void writesUpdatesThatLeaveLargeValuesApartFromThoseThatSetThem() {
    source.execute(
        "CREATE TABLE a (id int PRIMARY KEY, n int, body text)",
        "ALTER TABLE a ALTER body SET STORAGE EXTERNAL",
        "INSERT INTO a SELECT i, 0, repeat(md5(i::text), 200) FROM generate_series(1, 100) i");
    try (MirrorHandle handle = following(mirror().table("public.a"))) {
      source.execute(
          "BEGIN; UPDATE a SET n = n + 1;"
              + " UPDATE a SET body = repeat(md5((-id)::text), 300) WHERE id % 2 = 0;"
              + " UPDATE a SET n = n + id; COMMIT");
      handle.awaitCaughtUp(SOON);

      databases.assertMirrored("public.a");
      assertThat(told("UPDATE ONLY \"public\".\"a\"")).isEqualTo(2);
      assertThat(only(handle).rowsUpdated()).isEqualTo(250);
      handle.drop();
    }
  }

  @Test
  void goesInOrderWhereUniqueValueIsHandedOn() {
    source.execute(
        "CREATE TABLE a (id int PRIMARY KEY, code int UNIQUE)",
        "INSERT INTO a SELECT i, i FROM generate_series(1, 100) i");
    destination.execute("CREATE TABLE a (id int PRIMARY KEY, code int UNIQUE)");
    try (MirrorHandle handle = following(mirror().table("public.a"))) {
      source.execute(
          """
          DO $$ BEGIN
            FOR i IN 1..50 LOOP
              UPDATE a SET code = -1 WHERE id = 2 * i;
              UPDATE a SET code = 2 * i WHERE id = 2 * i - 1;
              UPDATE a SET code = 2 * i - 1 WHERE id = 2 * i;
            END LOOP;
          END $$
          """);
      handle.awaitCaughtUp(SOON);

      databases.assertMirrored("public.a");
      assertThat(told(SET)).isEqualTo(1);
      assertThat(only(handle).rowsUpdated()).isEqualTo(150);
      assertThat(only(handle).rowsMissing()).isZero();
      handle.drop();
    }
  }

  @Test
  void goesInOrderWithinPieceOfLargeTransaction() {
    source.execute(
        "CREATE TABLE a (id int PRIMARY KEY, code int UNIQUE, t text)",
        "INSERT INTO a SELECT i, i, repeat('x', 100) FROM generate_series(1, 3000) i");
    destination.execute("CREATE TABLE a (id int PRIMARY KEY, code int UNIQUE, t text)");
    try (MirrorHandle handle = following(mirror().maxBatchBytes(64 << 10).table("public.a"))) {
      source.execute(
          """
          DO $$ BEGIN
            UPDATE a SET t = 'new ' || id;
            UPDATE a SET code = -1 WHERE id = 1500;
            UPDATE a SET code = 1500 WHERE id = 1501;
            UPDATE a SET code = 1501 WHERE id = 1500;
            UPDATE a SET t = t || code WHERE id < 2000;
          END $$
          """);
      handle.awaitCaughtUp(SOON);

      databases.assertMirrored("public.a");
      assertThat(told(SET)).isGreaterThan(1);
      assertThat(only(handle).rowsUpdated()).isEqualTo(3000 + 3 + 1999);
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("a row was removed on the destination")
  @ExpectsLog("1 updates or deletes met no row")
  void countsEachRowThatIsMissing() {
    source.execute(
        "CREATE TABLE a (id int PRIMARY KEY, n int)",
        "INSERT INTO a SELECT i, i FROM generate_series(1, 100) i");
    try (MirrorHandle handle = following(mirror().table("public.a"))) {
      destination.execute("DELETE FROM a WHERE id = 7");
      source.execute("UPDATE a SET n = -n");
      handle.awaitCaughtUp(SOON);

      assertThat(only(handle).rowsMissing()).isEqualTo(1);
      assertThat(only(handle).rowsUpdated()).isEqualTo(99);
      assertThat(destination.queryLong("SELECT count(*) FROM a WHERE n < 0")).isEqualTo(99);
      handle.drop();
    }
  }

  @Test
  void writesChangesOfKeysBetweenTheOthers() {
    source.execute(
        "CREATE TABLE a (id int PRIMARY KEY, n int)",
        "CREATE TABLE b (id int PRIMARY KEY, n int)",
        "INSERT INTO a SELECT i, i FROM generate_series(1, 200) i",
        "INSERT INTO b SELECT i, i FROM generate_series(1, 200) i");
    try (MirrorHandle handle = following(mirror().table("public.a").table("public.b"))) {
      source.execute(
          """
          DO $$ BEGIN
            FOR i IN 1..100 LOOP
              UPDATE a SET n = n + 1 WHERE id = i;
              UPDATE b SET n = n + 1 WHERE id = i;
            END LOOP;
            UPDATE a SET id = id + 1000 WHERE id <= 10;
            INSERT INTO a SELECT i, -i FROM generate_series(1, 10) i;
            UPDATE a SET n = n + 5;
            DELETE FROM a WHERE id > 1005;
          END $$
          """);
      handle.awaitCaughtUp(SOON);

      databases.assertMirrored("public.a", "public.b");
      assertThat(told("UPDATE ONLY \"public\".\"b\"")).isEqualTo(1);
      handle.drop();
    }
  }

  @Test
  void showsEachChangeInOrderToTriggerThatFiresAlways() {
    source.execute("CREATE TABLE a (id int PRIMARY KEY, n int)");
    destination.execute(
        "CREATE TABLE a (id int PRIMARY KEY, n int)",
        "CREATE TABLE seen (no int GENERATED ALWAYS AS IDENTITY, what text)",
        """
        CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO public.seen (what) VALUES (TG_OP || coalesce(NEW.n, OLD.n)); RETURN NULL; END $$
        """,
        "CREATE TRIGGER see AFTER INSERT OR UPDATE OR DELETE ON a FOR EACH ROW EXECUTE FUNCTION see()",
        "ALTER TABLE a ENABLE ALWAYS TRIGGER see");
    try (MirrorHandle handle = following(mirror().table("public.a"))) {
      source.execute(
          """
          DO $$ BEGIN
            FOR i IN 1..50 LOOP
              INSERT INTO a VALUES (i, 3 * i);
              UPDATE a SET n = n + 1;
              UPDATE a SET n = n + 1;
              DELETE FROM a WHERE id = i;
            END LOOP;
          END $$
          """);
      handle.awaitCaughtUp(SOON);

      assertThat(
              destination.queryString(
                  "SELECT string_agg(what, ' ' ORDER BY no) FROM seen WHERE no <= 8"))
          .isEqualTo("INSERT3 UPDATE4 UPDATE5 DELETE5 INSERT6 UPDATE7 UPDATE8 DELETE8");
      assertThat(destination.queryLong("SELECT count(*) FROM seen")).isEqualTo(200);
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("the mirror is stopped by a value")
  @ExpectsLog("; paused")
  void cutsNoValueOff() {
    source.execute(
        "CREATE TABLE a (id int PRIMARY KEY, t varchar(10))",
        "INSERT INTO a SELECT i, i FROM generate_series(1, 100) i");
    try (MirrorHandle handle = following(mirror().table("public.a"))) {
      destination.execute("ALTER TABLE a ALTER t TYPE varchar(5)");
      source.execute("UPDATE a SET t = CASE WHEN id = 77 THEN '123456' ELSE '12345' END");
      Await.until(SOON, "it pauses", () -> handle.status().state() == MirrorState.PAUSED);

      assertThat(String.valueOf(handle.status().error()))
          .contains("public.a", "value too long", "widen the column's type");
      assertThat(destination.queryLong("SELECT count(*) FROM a WHERE t = '12345'")).isZero();
      destination.execute("ALTER TABLE a ALTER t TYPE varchar(10)");
      handle.resume();
      handle.awaitCaughtUp(SOON);
      assertThat(destination.queryString("SELECT t FROM a WHERE id = 77")).isEqualTo("123456");
      handle.drop();
    }
  }

  @Test
  void takesTypesWhoseCastIsNotTheirInput() {
    for (TestDatabase side : new TestDatabase[] {source, destination}) {
      side.execute(
          "CREATE TYPE mood AS ENUM ('ok', 'it''s', 'q\"')",
          "CREATE DOMAIN code AS varchar(4) CHECK (VALUE <> '')",
          "CREATE TYPE pair AS (a int, b text)");
    }
    source.execute(
        """
        CREATE TABLE a (id code PRIMARY KEY, v1 mood, v2 pair, v3 pair[], v4 bit(3), v5 char(4), v6 bytea,
                        v7 interval, v8 xml, v9 jsonb)
        """,
        """
        CREATE TABLE b (id name PRIMARY KEY, v1 regclass, v2 "char")
        """,
        """
        INSERT INTO a SELECT i, 'ok', ROW(i, 'x')::pair, '{}', B'101', 'c', '\\x00', '1 day', '<a/>', '{}'
        FROM generate_series(1, 99) i
        """,
        "INSERT INTO b SELECT i, 0, 'x' FROM generate_series(1, 99) i");
    try (MirrorHandle handle = following(mirror().table("public.a").table("public.b"))) {
      source.execute(
          """
          UPDATE a SET v1 = 'q"', v2 = ROW(NULL, E'",\\\\('), v3 = ARRAY[ROW(1, NULL), NULL, ROW(2, '')]::pair[],
            v4 = B'010', v5 = ' y', v6 = '\\xff5c00', v7 = '-1 mon +2 days', v8 = '<b>&amp;</b>',
            v9 = '{"a": "\\\\"}'
          """,
          "UPDATE b SET v1 = 'pg_class', v2 = E'\\\\'");
      handle.awaitCaughtUp(SOON);

      databases.assertMirrored("public.a", "public.b");
      assertThat(told("UPDATE ONLY \"public\".\"b\"")).isEqualTo(99);
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("the destination hands values on under a unique constraint of its own")
  void readsEachChangeAsItsRelationWasThenAlsoTheSecondTime() {
    source.execute(
        "CREATE TABLE a (id int PRIMARY KEY, code int, b int)",
        "INSERT INTO a SELECT i, i, i FROM generate_series(1, 100) i");
    destination.execute("CREATE TABLE a (id int PRIMARY KEY, code int UNIQUE, b int, c int)");
    try (MirrorHandle handle = following(mirror().table("public.a"))) {
      source.execute("UPDATE a SET b = 7 WHERE id = 1"); // the relation is known
      handle.awaitCaughtUp(SOON);
      handle.pause();
      source.execute(
          "UPDATE a SET b = 1000 + id",
          "BEGIN; ALTER TABLE a DROP b; ALTER TABLE a ADD c int; UPDATE a SET c = 2000 + id;"
              + " UPDATE a SET code = -1 WHERE id = 1; UPDATE a SET code = 1 WHERE id = 2;"
              + " UPDATE a SET code = 2 WHERE id = 1; COMMIT");
      handle.resume();
      handle.awaitCaughtUp(SOON);

      assertThat(told(SET)).isPositive();
      assertThat(
              destination.queryStrings(
                  "SELECT row(id, code, b, c)::text FROM a WHERE id <= 3 ORDER BY id"))
          .containsExactly("(1,2,1001,2001)", "(2,1,1002,2002)", "(3,3,1003,2003)");
      assertThat(
              destination.queryLong("SELECT count(*) FROM a WHERE b = 1000 + id AND c = 2000 + id"))
          .isEqualTo(100);
      assertThat(only(handle).rowsUpdated()).isEqualTo(1 + 100 + 100 + 3);
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("the mirror is stopped by a value")
  @ExpectsLog("; paused")
  void cutsNoValueOffThatIsTooLongForDomain() {
    source.execute("CREATE DOMAIN code AS varchar(10)");
    destination.execute("CREATE DOMAIN code AS varchar(4)");
    source.execute(
        "CREATE TABLE a (id int PRIMARY KEY, t code)",
        "INSERT INTO a SELECT i, 'x' FROM generate_series(1, 100) i");
    try (MirrorHandle handle = following(mirror().table("public.a"))) {
      source.execute("UPDATE a SET t = '123456'");
      Await.until(SOON, "it pauses", () -> handle.status().state() == MirrorState.PAUSED);

      assertThat(String.valueOf(handle.status().error())).contains("public.a", "value too long");
      handle.drop();
    }
  }

  @Test
  void writesWhatTriggerOnAnotherTableLooksAtBefore() {
    source.execute(
        "CREATE TABLE parent (id int PRIMARY KEY, name text)",
        "CREATE TABLE child (id int PRIMARY KEY, parent int)");
    destination.execute(
        "CREATE TABLE parent (id int PRIMARY KEY, name text)",
        "CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent)",
        """
        DO $$ BEGIN
          EXECUTE (SELECT string_agg(format('ALTER TABLE child ENABLE ALWAYS TRIGGER %I', tgname), ';')
                   FROM pg_trigger WHERE tgrelid = 'child'::regclass);
        END $$
        """);
    try (MirrorHandle handle = following(mirror().table("public.parent").table("public.child"))) {
      source.execute(
          """
          DO $$ BEGIN
            FOR i IN 1..100 LOOP
              INSERT INTO parent VALUES (i, 'p');
              UPDATE parent SET name = 'q' WHERE id = i;
              INSERT INTO child VALUES (i, i);
            END LOOP;
          END $$
          """);
      handle.awaitCaughtUp(SOON);

      databases.assertMirrored("public.parent", "public.child");
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("the partitions are others")
  void findsRowsByEachReplicaIdentityInPartitionsToo() {
    source.execute(
        "CREATE TABLE f (id int PRIMARY KEY, n int, t text)",
        "ALTER TABLE f REPLICA IDENTITY FULL",
        "CREATE TABLE i (a int NOT NULL, b numeric NOT NULL, n int, UNIQUE (a, b))",
        "ALTER TABLE i REPLICA IDENTITY USING INDEX i_a_b_key",
        "CREATE TABLE v (id int PRIMARY KEY, n int) PARTITION BY RANGE (id)",
        "CREATE TABLE v1 PARTITION OF v FOR VALUES FROM (0) TO (100)",
        "CREATE TABLE v2 PARTITION OF v FOR VALUES FROM (100) TO (1000)",
        "INSERT INTO f SELECT i, i, 'x' FROM generate_series(1, 200) i",
        "INSERT INTO i SELECT i, i / 2.0, i FROM generate_series(1, 200) i",
        "INSERT INTO v SELECT i, i FROM generate_series(1, 200) i");
    destination.execute(
        "CREATE TABLE i (a int NOT NULL, b numeric NOT NULL, n int, UNIQUE (a, b))",
        "CREATE TABLE v (id int PRIMARY KEY, n int) PARTITION BY HASH (id)",
        "CREATE TABLE v1 PARTITION OF v FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
        "CREATE TABLE v2 PARTITION OF v FOR VALUES WITH (MODULUS 2, REMAINDER 1)");
    try (MirrorHandle handle =
        following(mirror().table("public.f").table("public.i").table("public.v"))) {
      source.execute(
          "BEGIN; UPDATE f SET n = -n, t = NULL; DELETE FROM f WHERE id % 3 = 0;"
              + " UPDATE i SET n = -n; DELETE FROM i WHERE a % 3 = 0; UPDATE i SET b = b + 1 WHERE a = 1;"
              + " UPDATE v SET n = -n; DELETE FROM v WHERE id % 3 = 0; UPDATE v SET id = 999 WHERE id = 1;"
              + " UPDATE v SET n = n + 1; COMMIT");
      handle.awaitCaughtUp(SOON);

      databases.assertMirrored("public.f", "public.i", "public.v");
      assertThat(told(SET)).isGreaterThanOrEqualTo(3);
      assertThat(told("USING (SELECT unnest")).isEqualTo(2);
      assertThat(told("DELETE FROM ONLY \"public\".\"f\" WHERE \"id\" = ANY (")).isEqualTo(1);
      assertThat(handle.status().tables()).allMatch(table -> table.rowsMissing() == 0);
      handle.drop();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '"',
      value = {
        "smallint ; i",
        "bigint ; i * 4000000000",
        "numeric(12, 3) ; i / 7.0",
        "double precision ; i / 7.0",
        "text ; 'ä' || i",
        "varchar(9) ; 'v' || i",
        "char(9) ; 'c' || i",
        "bytea ; int4send(i)",
        "uuid ; md5(i::text)::uuid",
        "date ; date '2026-01-01' + i",
        "timestamptz ; timestamptz '2026-01-01 00:00Z' + i * interval '1 hour'",
        "interval ; i * interval '1 day'",
        "inet ; inet '10.0.0.0' + i",
        "int[] ; ARRAY[i, -i]",
        "kind ; ('k' || i)::kind",
        "positive ; i",
      })
  void deletesByKeysOfEachType(String type, String value) {
    for (TestDatabase side : List.of(source, destination)) {
      side.execute(
          "CREATE DOMAIN positive AS int CHECK (VALUE > 0)",
          "DO $$ BEGIN EXECUTE 'CREATE TYPE kind AS ENUM (' || (SELECT string_agg("
              + "quote_literal('k' || i), ',') FROM generate_series(1, 400) i) || ')'; END $$");
    }
    source.execute(
        "CREATE TABLE a (id " + type + " PRIMARY KEY, n int)",
        "INSERT INTO a SELECT DISTINCT ON (1) %s, i FROM generate_series(1, 400) i"
            .formatted(value));
    try (MirrorHandle handle = following(mirror().table("public.a"))) {
      source.execute("DELETE FROM a WHERE n % 4 > 0");
      handle.awaitCaughtUp(SOON);

      databases.assertMirrored("public.a");
      assertThat(only(handle).rowsDeleted()).isEqualTo(300);
      assertThat(told("DELETE FROM ONLY \"public\".\"a\"")).isEqualTo(1);
      handle.drop();
    }
  }

  @Test
  void writesInOrderWhereTheDriverMayNotUseBinaryForms() {
    source.execute(
        "CREATE TABLE a (id int PRIMARY KEY, t text)",
        "INSERT INTO a SELECT i, i FROM generate_series(1, 99) i");
    Peer text =
        Peer.of(
            "destination",
            destination.url() + "?binaryTransfer=false",
            destination.user(),
            destination.password());
    try (MirrorHandle handle = following(mirror().destination(text).table("public.a"))) {
      source.execute(
          "UPDATE a SET t = CASE id % 4 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'a\"b\\\\c,{}'"
              + " ELSE 'NULL' END");
      handle.awaitCaughtUp(SOON);

      databases.assertMirrored("public.a");
      assertThat(told(SET)).isZero();
      handle.drop();
    }
  }
}
