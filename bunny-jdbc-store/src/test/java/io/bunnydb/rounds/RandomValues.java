package io.bunnydb.rounds;

import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/** Column types, and random values of them as SQL. */
final class RandomValues {
  /** Types that both sides must have before the first table. */
  static final List<String> TYPES =
      List.of(
          "CREATE TYPE mood AS ENUM ('low', 'so so', 'it''s high')",
          "CREATE DOMAIN positive AS int CHECK (VALUE > 0)",
          "CREATE TYPE pair AS (a int, b text)");

  private static final List<String> COLUMN_TYPES =
      List.of(
          "smallint",
          "int",
          "bigint",
          "numeric",
          "real",
          "float8",
          "text",
          "varchar(60)",
          "bytea",
          "boolean",
          "date",
          "timestamptz",
          "interval",
          "uuid",
          "jsonb",
          "json",
          "int[]",
          "text[]",
          "int4range",
          "inet",
          "bit varying",
          "point",
          "public.mood",
          "public.positive",
          "public.pair",
          "public.mood[]",
          "large");

  private static final List<String> TEXTS =
      List.of(
          "''",
          "'NULL'",
          "E'\\\\N'",
          "E'tab\\there'",
          "E'line\\nfeed\\r'",
          "E'back\\\\slash'",
          "'quote '' and \"'",
          "'Grüße'",
          "'\uD83D\uDC30 bunny'",
          "'{a,b}'",
          "'  blanks  '",
          "E'\\\\.'");

  private final Random random;

  RandomValues(Random random) {
    this.random = random;
  }

  /** A type; {@code large} stands for a text that is kept out of line. */
  String type() {
    return COLUMN_TYPES.get(random.nextInt(COLUMN_TYPES.size()));
  }

  /** A value of a type, now and then NULL. */
  String value(String type) {
    return random.nextInt(8) == 0 ? "NULL" : present(type);
  }

  private String present(String type) {
    int n = random.nextInt(2000) - 1000;
    return switch (type) {
      case "smallint", "int" -> "(" + n + ")";
      case "bigint" -> String.valueOf(random.nextLong() >> random.nextInt(63));
      case "numeric" -> pick("'NaN'", "1.0", "1.00", "-0.000001", "1e100", "'-Infinity'", n + ".5");
      case "real" ->
          pick("'NaN'::real", "'-0'::real", "'Infinity'::real", "1e-40::real", n + ".1::real");
      case "float8" -> pick("'NaN'::float8", "'-0'::float8", "4.9e-324", "0.1", n + "::float8 / 3");
      case "text" -> text();
      case "varchar(60)" -> text();
      case "bytea" -> "'\\x" + HexFormat.of().formatHex(bytes(random.nextInt(20))) + "'";
      case "boolean" -> pick("true", "false");
      case "date" -> pick("'infinity'", "'0044-03-15 BC'", "date '2024-02-29' + " + n);
      case "timestamptz" ->
          pick(
              "'-infinity'",
              "timestamptz '2024-06-01 12:00Z' + interval '1 second' * " + n + "::float8 / 7");
      case "interval" ->
          pick("'-1 year 2 mons -3 days 04:05:06.789'", "interval '1 minute' * " + n);
      case "uuid" -> "md5('" + n + "')::uuid";
      case "jsonb" -> "jsonb_build_object('n', " + n + ", 's', " + text() + "::text)";
      case "json" -> pick("'{\"a\" : 1,  \"a\":2}'", "'[" + n + ", null]'");
      case "int[]" -> pick("'{}'", "ARRAY[" + n + ", NULL, 3]", "'[0:1][2:3]={{1,2},{3,4}}'");
      case "text[]" -> "ARRAY[" + text() + ", NULL, " + text() + "]::text[]";
      case "int4range" -> pick("'empty'", "'(,5]'", "int4range(" + n + ", " + (n + 7) + ")");
      case "inet" -> pick("'::1/64'", "'10.1.2.3/8'");
      case "bit varying" -> pick("B''", "B'10110'");
      case "point" -> "point(" + n + ", -0.0)";
      case "public.mood" -> pick("'low'", "'so so'", "'it''s high'");
      case "public.positive" -> String.valueOf(1 + random.nextInt(100));
      case "public.pair" -> "ROW(" + n + ", " + text() + ")::public.pair";
      case "public.mood[]" -> "ARRAY['low', NULL, 'so so']::public.mood[]";
      case "large" -> "repeat(md5('" + n + "'), " + (100 + random.nextInt(100)) + ")";
      default -> throw new IllegalArgumentException(type);
    };
  }

  private String text() {
    return TEXTS.get(random.nextInt(TEXTS.size()));
  }

  private String pick(String... values) {
    return values[random.nextInt(values.length)];
  }

  private byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }
}
