package io.bunnydb.examples;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The shop's application: writes from its start until it is closed, one transaction after another,
 * round and round the list below.
 *
 * <p>Thread-safe; writes in a thread of its own.
 */
final class ShopWriter implements AutoCloseable {
  private static final long PAUSE_MILLIS = 2; // between two transactions

  private static final String PLACE_ORDER =
      """
      WITH placed AS (
        INSERT INTO shop.orders (customer, status, placed)
        VALUES (shop.any_customer(), 'placed', now())
        RETURNING id)
      INSERT INTO shop.order_lines
      SELECT placed.id, line, shop.any_product(), line, shop.any_price()
      FROM placed, generate_series(1, 4) line;

      UPDATE shop.customers SET credit = credit - 9.99
      WHERE id = (SELECT shop.any_customer());

      INSERT INTO shop.page_views VALUES (shop.any_product(), '/checkout', current_date);
      """;

  /** Leaves the description as it is: such a change does not carry it along. */
  private static final String CHANGE_PRICE =
      """
      UPDATE shop.products
      SET price = shop.any_price(), properties = properties || '{"new": false}'
      WHERE id = (SELECT shop.any_product());
      """;

  private static final String CHANGE_DESCRIPTION =
      """
      UPDATE shop.products SET description = repeat(md5(random()::text), 125)
      WHERE id = (SELECT shop.any_product());
      """;

  private static final String CANCEL_ORDER =
      """
      DELETE FROM shop.order_lines WHERE "order" = (SELECT max(id) FROM shop.orders);
      DELETE FROM shop.orders WHERE id = (SELECT max(id) FROM shop.orders);
      """;

  private static final String WRITE_REVIEW =
      """
      INSERT INTO shop.reviews (product, stars, votes, body)
      VALUES (shop.any_product(), 5, '{0, 0}', NULL);

      UPDATE shop.reviews SET votes[1] = votes[1] + 1, body = 'Edited'
      WHERE id = (SELECT shop.any_review());

      DELETE FROM shop.reviews WHERE id = (SELECT shop.any_review());
      """;

  /** Deletes one of two equal rows and changes one of two others. */
  private static final String FORGET_VIEW =
      """
      DELETE FROM shop.page_views
      WHERE ctid =
        (SELECT ctid FROM shop.page_views WHERE product = (SELECT shop.any_product()) LIMIT 1);

      UPDATE shop.page_views SET seen = NULL
      WHERE ctid =
        (SELECT ctid FROM shop.page_views WHERE product = (SELECT shop.any_product()) LIMIT 1);
      """;

  private static final List<String> TRANSACTIONS =
      List.of(
          PLACE_ORDER,
          CHANGE_PRICE,
          PLACE_ORDER,
          WRITE_REVIEW,
          PLACE_ORDER,
          CANCEL_ORDER,
          PLACE_ORDER,
          CHANGE_DESCRIPTION,
          PLACE_ORDER,
          FORGET_VIEW);

  private final Connection connection;
  private final CountDownLatch stop = new CountDownLatch(1);
  private final AtomicLong committed = new AtomicLong();
  private final Thread thread = new Thread(this::write, "shop-writer");
  private volatile @Nullable Exception failure;

  private ShopWriter(Connection connection) {
    this.connection = connection;
  }

  /** Starts to write. */
  static ShopWriter start(DataSource database) throws SQLException {
    Connection connection = database.getConnection();
    connection.setAutoCommit(false);
    ShopWriter writer = new ShopWriter(connection);
    writer.thread.start();
    return writer;
  }

  /** How many transactions are committed. */
  long committed() {
    return committed.get();
  }

  /**
   * Does nothing as long as all went well.
   *
   * @throws IllegalStateException if a transaction failed; nothing was written after it
   */
  void check() {
    if (failure != null) {
      throw new IllegalStateException("the application failed", failure);
    }
  }

  /** Stops; returns when the last transaction is committed. */
  @Override
  public void close() {
    stop.countDown();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void write() {
    try (connection;
        Statement statement = connection.createStatement()) {
      for (int next = 0; !stop.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS); next++) {
        statement.execute(TRANSACTIONS.get(next % TRANSACTIONS.size()));
        connection.commit();
        committed.incrementAndGet();
      }
    } catch (SQLException | InterruptedException e) {
      failure = e;
    }
  }
}
