package io.bunnydb.testing;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A background writer: runs a transaction over and over, committing each, on its own thread.
 *
 * <p>Thread-safe. Runs from {@link #start} until {@link #close}, at least once, as fast as the
 * server commits. Transactions that PostgreSQL ends as a deadlock's victim or as not serializable
 * are rolled back and not counted; any other failure ends the writer and is thrown by {@link
 * #close}.
 */
public final class Workload implements AutoCloseable {

  private static final Duration JOIN = Duration.ofSeconds(30);

  /** SQLSTATE of a serialization failure and of a deadlock. */
  private static final Set<String> COLLISIONS = Set.of("40001", "40P01");

  private final TestDatabase database;
  private final long seed;
  private final Transaction transaction;
  private final AtomicLong transactions = new AtomicLong();
  private final Thread thread;
  private volatile boolean stopping;
  private volatile @Nullable Throwable failure;

  private Workload(TestDatabase database, long seed, Transaction transaction) {
    this.database = database;
    this.seed = seed;
    this.transaction = transaction;
    this.thread = new Thread(this::run, "workload-" + database.name());
  }

  /**
   * Starts to write, with the seed of the system property {@code bunny.test.seed} or a random one;
   * it is printed.
   */
  public static Workload start(TestDatabase database, Transaction transaction) {
    long seed = Long.getLong("bunny.test.seed", ThreadLocalRandom.current().nextLong());
    return start(database, seed, transaction);
  }

  /** Starts to write with a seed, which is printed. */
  public static Workload start(TestDatabase database, long seed, Transaction transaction) {
    System.out.println("Workload on " + database.name() + ": -Dbunny.test.seed=" + seed);
    Workload workload = new Workload(database, seed, transaction);
    workload.thread.start();
    return workload;
  }

  /** The seed of the random numbers that the transactions are given. */
  public long seed() {
    return seed;
  }

  /** How many transactions are committed so far. */
  public long transactions() {
    return transactions.get();
  }

  /**
   * Stops after the current transaction and returns when the thread has ended. Safe to call again.
   *
   * @throws AssertionError if a transaction failed, or if the last one does not end within 30 s
   */
  @Override
  public void close() {
    stopping = true;
    try {
      thread.join(JOIN.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while the workload stops", e);
    }
    if (thread.isAlive()) {
      throw new AssertionError("a transaction of the workload does not end within " + JOIN);
    }
    Throwable thrown = failure;
    if (thrown != null) {
      throw new AssertionError(
          "workload failed after " + transactions + " transactions, seed " + seed, thrown);
    }
  }

  private void run() {
    Random random = new Random(seed);
    try (Connection connection = database.open()) {
      connection.setAutoCommit(false);
      do {
        try {
          transaction.run(connection, random);
          connection.commit();
          transactions.incrementAndGet();
        } catch (SQLException e) {
          if (!COLLISIONS.contains(String.valueOf(e.getSQLState()))) {
            throw e;
          }
          connection.rollback();
        }
      } while (!stopping);
    } catch (Throwable e) {
      failure = e;
    }
  }

  /** What a workload does again and again. */
  @FunctionalInterface
  public interface Transaction {
    /**
     * Runs the statements of one transaction; the workload commits.
     *
     * @param connection not in autocommit mode
     * @param random the workload's random numbers
     */
    void run(Connection connection, Random random) throws Exception;
  }
}
