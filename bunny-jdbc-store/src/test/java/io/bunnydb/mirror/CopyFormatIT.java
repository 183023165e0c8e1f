package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitHeldUp;
import static io.bunnydb.mirror.Operated.hold;
import static io.bunnydb.mirror.Operated.mirror;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.testing.MirrorDatabases;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A copy is binary where the bytes mean the same on both sides, else text. Each table that must be
 * copied as text holds values whose binary form the destination would refuse, or misread.
 */
final class CopyFormatIT {
  private static final String FORMAT =
      "SELECT lower(substring(query FROM '^COPY .*FORMAT (\\w+)')) FROM pg_stat_activity"
          + " WHERE datname = current_database() AND application_name LIKE 'bunny%'"
          + " AND query LIKE 'COPY %'";

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  /** Makes {@code public.a} on either side; holds up the copy to see how each server is asked. */
  private static void assertCopied(String format, String source, String destination, String values)
      throws SQLException {
    databases.destination().execute("CREATE TABLE a (" + destination + ")");
    databases.source().execute("CREATE TABLE a (" + source + ")", "INSERT INTO a VALUES " + values);
    Connection held = hold(databases.destination(), "a");
    try (MirrorHandle handle = mirror(databases, "public.a").build().start()) {
      awaitHeldUp(databases.destination());
      assertThat(databases.source().queryString(FORMAT)).isEqualTo(format);
      assertThat(databases.destination().queryString(FORMAT)).isEqualTo(format);
      held.close();
      handle.awaitState(MirrorState.RUNNING, SOON);
      databases.assertMirrored("a");
      handle.drop();
    }
  }

  private static void both(String... sql) {
    databases.source().execute(sql);
    databases.destination().execute(sql);
  }

  @Test
  void builtInTypesAreCopiedInBinaryForm() throws SQLException {
    String columns =
        "id int PRIMARY KEY, s smallint, l bigint, r real, d double precision, n numeric, b boolean,"
            + " t text, y bytea, u uuid, j json, k jsonb, at timestamp, tz timestamptz, i interval,"
            + " ip inet, bits varbit, m money, c \"char\", p point, v tsvector, lsn pg_lsn,"
            + " texts text[], numbers numeric[], r4 int4range, mr datemultirange, o oid";
    assertCopied(
        "binary",
        columns,
        columns,
        """
        (1, -32768, 9223372036854775807, 'NaN', '-Infinity', 'NaN', true, E'a\\tb\\nc\\\\.', '\\x00ff',
         '00000000-0000-0000-0000-00000000000f', '{"a": 1,  "a": 2}', '{"b": [null]}', 'infinity',
         '2024-02-29 23:59:59.999999+05', '-1 mon +2 days -00:00:01', '::1/64', B'10110', -1.5, 'x',
         '(0.1,-0)', 'a:1A b', 'FF/1', '{{a,NULL},{"NULL",""}}', '[2:3]={1.50,NULL}', '[1,5)',
         '{[2024-01-01,2024-02-01)}', 4294967295),
        (2, NULL, 0, 0.1, 1e-300, 123456789.123456789000, false, '', '', NULL, 'null', 'null', NULL,
         '-infinity', NULL, NULL, '', NULL, '', NULL, '', NULL, '{}', '{}', 'empty', '{}', 0)
        """);
  }

  @Test
  void modifiersDoNotMatter() throws SQLException {
    assertCopied(
        "binary",
        "id int PRIMARY KEY, c varchar(3), n numeric(5,2), at timestamp(0)",
        "at timestamp, n numeric, c varchar, id int PRIMARY KEY",
        "(1, 'abc', 999.99, '2024-01-01 12:00'), (2, NULL, NULL, NULL)");
  }

  @Test
  void widerTypesAreCopiedAsText() throws SQLException {
    assertCopied(
        "text",
        "id int PRIMARY KEY, s smallint, n bigint, c varchar(9), j jsonb",
        "id bigint PRIMARY KEY, s int, n numeric, c text, j text",
        "(1, -1, 9223372036854775807, E'a\\\\b\\tc', '{\"a\": 1}'), (-2147483648, 2, 3, NULL, '[]')");
  }

  @Test
  void userDefinedTypesAreCopiedAsText() throws SQLException {
    both("CREATE TYPE mood AS ENUM ('sad', 'glad')");
    databases.destination().execute("CREATE TYPE other AS ENUM ()");
    databases
        .source()
        .execute("CREATE DOMAIN amount AS int", "CREATE TYPE pair AS (x int, m mood)");
    databases
        .destination()
        .execute("CREATE DOMAIN amount AS bigint", "CREATE TYPE pair AS (x bigint, m mood)");
    String columns = "id int PRIMARY KEY, m mood, ms mood[], p pair, ps pair[], a amount";
    assertCopied(
        "text",
        columns,
        columns,
        "(1, 'glad', '{sad,NULL}', (7, 'sad'), '{\"(1,glad)\"}', 5), (2, NULL, '{}', NULL, NULL, NULL)");
  }

  @Test
  void referencesToObjectsAreCopiedAsText() throws SQLException {
    // The table has another OID on either side; the binary form is the OID.
    databases.destination().execute("CREATE TABLE other (id int PRIMARY KEY)");
    both("CREATE TABLE b (id int PRIMARY KEY)");
    String columns = "id int PRIMARY KEY, r regclass, rs regclass[]";
    assertCopied("text", columns, columns, "(1, 'b', '{b,pg_class}'), (2, NULL, NULL)");
  }

  @Test
  void typesWithoutABinaryFormAreCopiedAsText() throws SQLException {
    both("CREATE ROLE reader");
    String columns = "id int PRIMARY KEY, l aclitem[]";
    assertCopied("text", columns, columns, "(1, '{reader=r/reader}'), (2, NULL)");
  }

  @Test
  void oneColumnDecides() throws SQLException {
    assertCopied(
        "text",
        "id int PRIMARY KEY, t text, n int",
        "id int PRIMARY KEY, t text, n bigint",
        "(1, 'x', 1), (2, E'\\\\N', NULL)");
  }
}
