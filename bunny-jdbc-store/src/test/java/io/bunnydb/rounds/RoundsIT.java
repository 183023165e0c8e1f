package io.bunnydb.rounds;

import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Plays {@value #ROUNDS} rounds, or as many as {@code -Dbunny.rounds=1000} says. Each prints its
 * seed; {@code -Dbunny.rounds.seed=42} begins with that one.
 */
final class RoundsIT {
  private static final int ROUNDS = 4;

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @Test
  @Timeout(7200)
  @ExpectsLog(value = "the next follows in", optional = true)
  void bothSidesAreEqualAfterEachRound() {
    long first = Long.getLong("bunny.rounds.seed", ThreadLocalRandom.current().nextLong() >>> 1);
    int rounds = Integer.getInteger("bunny.rounds", ROUNDS);
    String[] types = RandomValues.TYPES.toArray(new String[0]);
    databases.source().execute(types);
    databases.source().execute("CREATE SEQUENCE public.ids");
    // Types made in another order have other OIDs.
    databases.destination().execute("CREATE TYPE public.other AS (a int)");
    databases.destination().execute(types);
    for (int i = 0; i < rounds; i++) {
      System.out.println("round " + i + " has seed " + (first + i));
      Round.play(databases, first + i);
    }
  }
}
