package io.bunnydb.pgoutput;

/**
 * The seed of a random test: the system property {@code bunny.test.seed}, else another each run.
 */
public final class Seed {

  private Seed() {}

  public static long printed(String test) {
    Long given = Long.getLong("bunny.test.seed");
    long seed = given != null ? given : System.nanoTime();
    System.out.println(test + ": -Dbunny.test.seed=" + seed);
    return seed;
  }
}
