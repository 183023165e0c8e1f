package io.bunnydb.internal.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.testing.MirrorDatabases;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The condition by which rows are told that an earlier snapshot has shown. */
final class VisibilityIT {
  private static final long CYCLE = 1L << 32;
  private static final int FIRST_NORMAL = 3;

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  /** The server itself says what a snapshot shows, by numbers that have the epoch. */
  @Test
  void agreesWithTheServerAroundTheEndOfAnEpoch() throws SQLException {
    Random random = new Random(11);
    try (Connection connection = databases.source().connection();
        Statement statement = connection.createStatement()) {
      for (int i = 0; i < 50; i++) {
        long limit = normal(2 * CYCLE + random.nextInt(200) - 100);
        TreeSet<Long> hidden = new TreeSet<>();
        for (int j = random.nextInt(20); j > 0; j--) {
          hidden.add(normal(limit - 1 - random.nextInt(150)));
        }
        long from = hidden.isEmpty() ? limit : hidden.first();
        String snapshot =
            from
                + ":"
                + limit
                + ":"
                + hidden.stream().map(String::valueOf).collect(Collectors.joining(","));
        try (ResultSet rows =
            statement.executeQuery(
                "SELECT id, pg_visible_in_snapshot(id::text::xid8, '"
                    + snapshot
                    + "'), "
                    + Visibility.parse(snapshot).conditionSql()
                    + " FROM (SELECT id, (id % "
                    + CYCLE
                    + ")::text::xid FROM (SELECT generate_series("
                    + (limit - 200)
                    + ", "
                    + (limit + 200)
                    + ") UNION ALL VALUES ("
                    + (limit - CYCLE / 2)
                    + "), ("
                    + (limit + CYCLE / 4)
                    + ")) AS ids (id)) AS r (id, xmin) WHERE id % "
                    + CYCLE
                    + " >= "
                    + FIRST_NORMAL)) {
          int count = 0;
          while (rows.next()) {
            assertThat(rows.getBoolean(3))
                .as("%d in %s", rows.getLong(1), snapshot)
                .isEqualTo(rows.getBoolean(2));
            count++;
          }
          assertThat(count).isGreaterThan(390);
        }
      }
    }
  }

  /** The first numbers of an epoch are given to no transaction. */
  private static long normal(long id) {
    return id % CYCLE < FIRST_NORMAL ? id - FIRST_NORMAL : id;
  }
}
