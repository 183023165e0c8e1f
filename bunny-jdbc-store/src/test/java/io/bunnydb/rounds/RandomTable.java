package io.bunnydb.rounds;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A table with random columns and a random replica identity, and random changes to it as SQL. */
final class RandomTable {
  private final Random random;
  private final RandomValues values;
  private final String name;
  private final List<String> types = new ArrayList<>();
  private final boolean hasKey;
  private final boolean isKeyOfTwo;
  private final int identity;

  /**
   * A table that is not made yet.
   *
   * @param name as in SQL, with its schema
   */
  RandomTable(String name, Random random) {
    this.name = name;
    this.random = random;
    this.values = new RandomValues(random);
    int columns = 1 + random.nextInt(7);
    for (int i = 0; i < columns; i++) {
      types.add(values.type());
    }
    this.identity = random.nextInt(5);
    this.hasKey = identity != 3;
    this.isKeyOfTwo = random.nextInt(3) == 0;
  }

  String name() {
    return name;
  }

  /** The statements that make and fill it. */
  List<String> create() {
    StringBuilder sql = new StringBuilder("CREATE TABLE " + name + " (id bigint NOT NULL");
    sql.append(", part int NOT NULL");
    for (int i = 0; i < types.size(); i++) {
      sql.append(", c").append(i).append(' ').append(sqlType(types.get(i)));
    }
    if (identity != 2 && hasKey) {
      sql.append(isKeyOfTwo ? ", PRIMARY KEY (part, id)" : ", PRIMARY KEY (id)");
    }
    List<String> statements = new ArrayList<>();
    statements.add(sql.append(")").toString());
    for (int i = 0; i < types.size(); i++) {
      if (types.get(i).equals("large")) {
        statements.add("ALTER TABLE " + name + " ALTER c" + i + " SET STORAGE EXTERNAL");
      }
    }
    String index = name.substring(name.indexOf('.') + 1) + "_unique";
    switch (identity) {
      case 2 -> {
        statements.add("CREATE UNIQUE INDEX " + index + " ON " + name + " (id, part)");
        statements.add("ALTER TABLE " + name + " REPLICA IDENTITY USING INDEX " + index);
      }
      case 3, 4 -> statements.add("ALTER TABLE " + name + " REPLICA IDENTITY FULL");
      default -> {}
    }
    statements.add(insert(1 + random.nextInt(50)));
    return statements;
  }

  private static String sqlType(String type) {
    return type.equals("large") ? "text" : type;
  }

  /** A random change. */
  String change() {
    return switch (random.nextInt(12)) {
      case 0, 1, 2 -> insert(1 + random.nextInt(4));
      case 3 -> insert(200 + random.nextInt(800));
      case 4, 5, 6 -> update();
      case 7 -> changeKey();
      case 8, 9 -> "DELETE FROM " + name + some(3);
      case 10 -> hasKey ? "DELETE FROM " + name + some(20) : insert(2);
      case 11 -> random.nextInt(4) == 0 ? "TRUNCATE " + name : update();
      default -> throw new AssertionError();
    };
  }

  /** Rows of which each has its own key; without a key, some are equal to each other. */
  private String insert(int rows) {
    StringBuilder sql = new StringBuilder("INSERT INTO " + name + " SELECT ");
    sql.append(hasKey ? "nextval('public.ids')" : "row % 3").append(", row % 5");
    for (String type : types) {
      sql.append(", CASE row % 3 WHEN 0 THEN ").append(values.value(type));
      sql.append(" WHEN 1 THEN ").append(values.value(type));
      sql.append(" ELSE CAST(").append(values.value(type)).append(" AS ").append(sqlType(type));
      sql.append(") END");
    }
    return sql.append(" FROM generate_series(1, ").append(rows).append(") row").toString();
  }

  private String update() {
    StringBuilder sql = new StringBuilder("UPDATE " + name + " SET part = part + ");
    sql.append(isKeyOfTwo || random.nextBoolean() ? 0 : 1);
    for (int i = 0; i < types.size(); i++) {
      if (random.nextInt(3) == 0) {
        sql.append(", c").append(i).append(" = CAST(").append(values.value(types.get(i)));
        sql.append(" AS ").append(sqlType(types.get(i))).append(')');
      }
    }
    return sql + some(5);
  }

  private String changeKey() {
    String assignment =
        random.nextBoolean() && hasKey ? "id = nextval('public.ids')" : "part = part + 1";
    return "UPDATE " + name + " SET " + assignment + some(4);
  }

  /** Some rows, found by their place. */
  private String some(int rows) {
    return " WHERE ctid = ANY (ARRAY(SELECT ctid FROM "
        + name
        + " ORDER BY md5(ctid::text || '"
        + random.nextInt(1000)
        + "') LIMIT "
        + (1 + random.nextInt(rows))
        + "))";
  }
}
