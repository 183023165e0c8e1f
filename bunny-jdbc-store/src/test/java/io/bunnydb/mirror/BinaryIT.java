package io.bunnydb.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Mirror;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorHandle;
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

/** Values come in binary form where both sides have the same, else as text. */
final class BinaryIT {
  private static final Duration SOON = Duration.ofSeconds(60);

  /** A type, two values of it that differ, and whether a key can be made of it. */
  private record Kind(String type, String one, String other, boolean isKey) {}

  private static final List<Kind> KINDS =
      List.of(
          new Kind("bool", "true", "false", true),
          new Kind("\"char\"", "'a'", "''", true),
          new Kind("name", "'n'", "''", true),
          new Kind("int2", "'-32768'", "7", true),
          new Kind("int4", "'-2147483648'", "7", true),
          new Kind("int8", "'-9223372036854775808'", "7", true),
          new Kind("oid", "4294967295", "1", true),
          new Kind("float4", "'NaN'", "1.1", true),
          new Kind("float8", "'-Infinity'", "1e-300", true),
          new Kind("numeric", "'NaN'", "'-0.00000000000000000012345678901234567890'", true),
          new Kind("numeric(12,4)", "1.5", "'-99999999.9999'", true),
          new Kind("text", "''", "E'tab\\t \\\\N line\\nä€😀'", true),
          new Kind("varchar(9)", "''", "'ä€'", true),
          new Kind("char(5)", "''", "'ab'", true),
          new Kind("bytea", "''", "'\\x00ff5c6e'", true),
          new Kind("date", "'-infinity'", "'0044-03-15 BC'", true),
          new Kind("time", "'24:00'", "'00:00:00.000001'", true),
          new Kind("timetz", "'10:00+05:30'", "'23:59:59.999999-12'", true),
          new Kind("timestamp", "'infinity'", "'1900-01-01 00:00:00.000001'", true),
          new Kind("timestamptz", "'-infinity'", "'2026-11-26 04:05:06.789+01'", true),
          new Kind("interval", "'1 year -3 days 00:00:00.5'", "'0'", true),
          new Kind("uuid", "'00000000-0000-0000-0000-000000000000'", "md5('a')::uuid", true),
          new Kind("inet", "'::1/64'", "'10.1.2.3'", true),
          new Kind("cidr", "'10.0.0.0/8'", "'::/0'", true),
          new Kind("macaddr", "'08:00:2b:01:02:03'", "'00:00:00:00:00:00'", true),
          new Kind("macaddr8", "'08:00:2b:01:02:03:04:05'", "'00:00:00:00:00:00:00:00'", true),
          new Kind("bit(3)", "B'101'", "B'000'", true),
          new Kind("varbit", "B''", "B'1'", true),
          new Kind("json", "'{\"a\" : [1, null]}'", "'\"\"'", false),
          new Kind("jsonb", "'{\"a\" : [1, null]}'", "'{}'", true),
          new Kind("pg_lsn", "'16/B374D848'", "'0/0'", true),
          new Kind("tsvector", "'a:1A fat:2B,4C'", "''", true),
          new Kind("int4range", "'[1,5)'", "'empty'", true),
          new Kind("tstzrange", "'[2026-01-01,)'", "'(,)'", true),
          new Kind("point", "'(1.5,-2)'", "'(0,0)'", false),
          new Kind("polygon", "'((0,0),(1,1),(2,0))'", "'((0,0))'", false),
          new Kind("mood", "'glad'", "'sad'", true),
          new Kind("age", "7", "0", true),
          new Kind("words", "''", "'a'", true));

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private TestDatabase source;
  private TestDatabase destination;
  private String fill = "";

  @BeforeEach
  void takeDatabases() {
    source = databases.source();
    destination = databases.destination();
  }

  private MirrorBuilder mirror() {
    return Mirror.builder("binary")
        .source(source.peer())
        .destination(destination.peer())
        .checkpointStore(JdbcCheckpointStore.inDestination());
  }

  private MirrorHandle started(MirrorBuilder builder) {
    MirrorHandle handle = builder.build().start();
    handle.awaitCaughtUp(SOON);
    return handle;
  }

  /** Whether the stream is binary, as soon as there is one. */
  private boolean isStreamBinary() {
    return Await.value(
            SOON,
            "the stream has begun",
            () ->
                String.valueOf(
                    source.queryString(
                        "SELECT query FROM pg_stat_activity WHERE backend_type = 'walsender'"
                            + " AND application_name LIKE 'bunny binary%'"
                            + " AND datname = current_database()")),
            command -> command.startsWith("START_REPLICATION"))
        .contains("binary 'true'");
  }

  private void createTypes() {
    for (TestDatabase side : List.of(source, destination)) {
      side.execute(
          // So that no type has the same OID on both sides.
          "CREATE TYPE " + (side == source ? "first" : "second") + " AS (a int)",
          side == source ? "CREATE TYPE third AS (a int)" : "SELECT 1",
          "CREATE TYPE mood AS ENUM ('sad', 'glad')",
          "CREATE DOMAIN age AS int CHECK (VALUE >= 0)",
          "CREATE DOMAIN words AS varchar(20)");
    }
  }

  private void createTableOfEveryKind(String rows) {
    createTypes();
    StringBuilder columns = new StringBuilder("id int PRIMARY KEY");
    StringBuilder values = new StringBuilder("i");
    for (int i = 0; i < KINDS.size(); i++) {
      Kind kind = KINDS.get(i);
      columns.append(", c").append(i).append(' ').append(kind.type());
      values.append(", CASE i %% 3 WHEN 0 THEN ").append(kind.one());
      values.append("::").append(kind.type());
      values.append(" WHEN 1 THEN ").append(kind.other()).append("::").append(kind.type());
      values.append(" END");
    }
    source.execute("CREATE TABLE every (" + columns + ")");
    fill = "INSERT INTO every SELECT " + values + " FROM generate_series(%s) i";
    source.execute(fill.formatted(rows));
  }

  /** Sets each column of some rows to what it is in other rows. */
  private static String shuffle(String condition) {
    StringBuilder sql = new StringBuilder("UPDATE every e SET ");
    for (int i = 0; i < KINDS.size(); i++) {
      sql.append(i == 0 ? "" : ", ").append("c%1$d = o.c%1$d".formatted(i));
    }
    return sql + " FROM every o WHERE o.id = e.id + 1 AND (" + condition + ")";
  }

  @Test
  void bringsEveryTypeInSmallBatches() {
    createTableOfEveryKind("1, 9");
    try (MirrorHandle handle = started(mirror().table("public.every"))) {
      source.execute(fill.formatted("11, 16"));
      source.execute(shuffle("true"));
      source.execute("DELETE FROM every WHERE id IN (3, 13)");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.every");
      assertThat(isStreamBinary()).isTrue();
      handle.drop();
    }
  }

  @Test
  void bringsEveryTypeInLargeBatches() {
    createTableOfEveryKind("1, 300");
    try (MirrorHandle handle = started(mirror().table("public.every"))) {
      source.execute(
          fill.formatted("1001, 1300"), shuffle("true"), "DELETE FROM every WHERE id % 10 = 3");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.every");
      assertThat(isStreamBinary()).isTrue();
      handle.drop();
    }
  }

  @Test
  void findsRowsByKeysOfEveryType() {
    createTypes();
    MirrorBuilder mirror = mirror();
    for (int i = 0; i < KINDS.size(); i++) {
      Kind kind = KINDS.get(i);
      if (kind.isKey()) {
        source.execute(
            "CREATE TABLE k%d (k %s, l int, n int, PRIMARY KEY (k, l))".formatted(i, kind.type()),
            "INSERT INTO k%d SELECT %s, l, 0 FROM generate_series(1, 99) l"
                .formatted(i, kind.one()),
            "INSERT INTO k%d SELECT %s, l, 0 FROM generate_series(1, 99) l"
                .formatted(i, kind.other()));
        mirror.table("public.k" + i);
      }
    }
    try (MirrorHandle handle = started(mirror)) {
      for (int i = 0; i < KINDS.size(); i++) {
        Kind kind = KINDS.get(i);
        if (kind.isKey()) {
          // One change alone, a key that moves, then many.
          source.execute(
              "UPDATE k%d SET n = 1 WHERE k = %s::%s AND l = 1"
                  .formatted(i, kind.one(), kind.type()),
              "UPDATE k%d SET l = -l WHERE l = 2".formatted(i),
              "DELETE FROM k%d WHERE k = %s::%s AND l = 3".formatted(i, kind.other(), kind.type()));
          handle.awaitCaughtUp(SOON);
          source.execute(
              "BEGIN; UPDATE k%1$d SET n = l WHERE l > 10; DELETE FROM k%1$d WHERE l > 80; COMMIT"
                  .formatted(i));
        }
      }
      handle.awaitCaughtUp(SOON);
      assertThat(handle.status().tables()).allMatch(table -> table.rowsMissing() == 0);
      assertThat(isStreamBinary()).isTrue();
      for (int i = 0; i < KINDS.size(); i++) {
        if (KINDS.get(i).isKey()) {
          databases.assertMirrored("public.k" + i);
        }
      }
      handle.drop();
    }
  }

  @Test
  void asksForTextWhereATypeHasNoSuchForm() {
    source.execute("CREATE TABLE a (id int PRIMARY KEY, tags text[])");
    try (MirrorHandle handle = started(mirror().table("public.a"))) {
      source.execute(
          "INSERT INTO a SELECT i, ARRAY['x', NULL, i::text] FROM generate_series(1, 99) i");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      assertThat(isStreamBinary()).isFalse();
      handle.drop();
    }
  }

  @Test
  void goesOnWithTextWhereTypesTurnOutToDiffer() {
    source.execute("CREATE TABLE a (id int PRIMARY KEY, n int)");
    try (MirrorHandle handle = started(mirror().table("public.a"))) {
      assertThat(isStreamBinary()).isTrue();
      destination.execute("ALTER TABLE a ALTER n TYPE bigint");
      source.execute("INSERT INTO a SELECT i, -i FROM generate_series(1, 99) i");
      source.execute("UPDATE a SET n = n + 1 WHERE id < 3");
      handle.awaitCaughtUp(SOON);
      assertThat(destination.queryLong("SELECT sum(n) FROM a"))
          .isEqualTo(source.queryLong("SELECT sum(n) FROM a"));
      assertThat(isStreamBinary()).isFalse();
      handle.drop();
    }
  }

  /** The driver looks names of types up, and an empty search path hides no schema from it. */
  @Test
  void isNotMisledByAUsersTypeOfABuiltInName() {
    source.execute(
        "CREATE TABLE a (id uuid PRIMARY KEY, i inet)",
        "INSERT INTO a SELECT md5(i::text)::uuid, '10.0.0.1' FROM generate_series(1, 200) i");
    destination.execute("CREATE TYPE uuid AS (a int)", "CREATE TABLE inet (a int)");
    try (MirrorHandle handle = started(mirror().table("public.a"))) {
      source.execute("UPDATE a SET i = '::1'");
      handle.awaitCaughtUp(SOON);
      source.execute("UPDATE a SET i = '::2' WHERE id = md5('7')::uuid");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      assertThat(isStreamBinary()).isTrue();
      destination.execute("DROP TYPE public.uuid", "DROP TABLE public.inet");
      handle.drop();
    }
  }

  /** The bytes of a jsonb are a text, too, but another one. */
  @Test
  @SidesDiffer("the destination's column was made text")
  @ExpectsLog(value = "attempt 1 failed", optional = true)
  void copiesNoValueIntoAColumnThatWasAltered() {
    source.execute("CREATE TABLE a (id int PRIMARY KEY, doc jsonb)");
    try (MirrorHandle handle = started(mirror().table("public.a"))) {
      source.execute("INSERT INTO a SELECT i, '{\"a\": 1}' FROM generate_series(1, 200) i");
      handle.awaitCaughtUp(SOON);
      assertThat(isStreamBinary()).isTrue();
      destination.execute("ALTER TABLE a ALTER doc TYPE text");
      source.execute("INSERT INTO a SELECT i, '{\"b\": 2}' FROM generate_series(201, 400) i");
      handle.awaitCaughtUp(SOON);
      String rows = "SELECT md5(string_agg(doc::text, ',' ORDER BY id)) FROM a";
      assertThat(destination.queryString(rows)).isEqualTo(source.queryString(rows));
      assertThat(isStreamBinary()).isFalse();
      handle.drop();
    }
  }

  /** Rows without a key are found by the text of their values. */
  @Test
  void goesOnWithTextWhereOnlyTheWholeRowTells() {
    source.execute(
        "CREATE TABLE a (n numeric, t text)",
        "ALTER TABLE a REPLICA IDENTITY FULL",
        "INSERT INTO a SELECT i % 5, 'x' FROM generate_series(1, 20) i");
    try (MirrorHandle handle = started(mirror().table("public.a"))) {
      source.execute("UPDATE a SET n = n + 0.10 WHERE n = 3", "DELETE FROM a WHERE n = 2");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      assertThat(isStreamBinary()).isFalse();
      handle.drop();
    }
  }

  /** What the server cannot send in binary form may stand in its log, though the column is gone. */
  @Test
  void asksForTextWhereTheSourceCannotSendWhatItHad() {
    source.execute("CREATE TABLE a (id int PRIMARY KEY, n int)");
    destination.execute("CREATE TABLE a (id int PRIMARY KEY, n int, acl aclitem[])");
    try (MirrorHandle handle = started(mirror().table("public.a"))) {
      handle.pause();
      source.execute(
          "ALTER TABLE a ADD acl aclitem[]",
          "INSERT INTO a VALUES (1, 1, ARRAY['=r/' || quote_ident(current_user)]::aclitem[])",
          "ALTER TABLE a DROP acl",
          "INSERT INTO a VALUES (2, 2)");
      handle.resume();
      handle.awaitCaughtUp(SOON);
      Await.until(SOON, "it flows", () -> destination.queryLong("SELECT count(*) FROM a") == 2);
      assertThat(isStreamBinary()).isFalse();
      destination.execute("ALTER TABLE a DROP acl");
      handle.drop();
    }
  }

  @Test
  void asksForTextWhereTypesDiffer() {
    source.execute("CREATE TABLE a (id int PRIMARY KEY, n int)");
    destination.execute("CREATE TABLE a (id bigint PRIMARY KEY, n bigint)");
    try (MirrorHandle handle = started(mirror().table("public.a"))) {
      assertThat(isStreamBinary()).isFalse();
      handle.drop();
    }
  }

  @Test
  void asksForTextWhereTold() {
    source.execute("CREATE TABLE a (id int PRIMARY KEY)");
    try (MirrorHandle handle = started(mirror().binary(false).table("public.a"))) {
      source.execute("INSERT INTO a SELECT generate_series(1, 99)");
      handle.awaitCaughtUp(SOON);
      assertThat(isStreamBinary()).isFalse();
      handle.drop();
    }
  }
}
