package io.bunnydb.examples.control;

import io.bunnydb.testing.MirrorDatabases;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What every test of the page begins with: databases, a server with one mirror, the browser. */
abstract class PageFixture {
  static final String PAUSE = "[data-command=pause]";
  static final String RESUME = "[data-command=resume]";

  @RegisterExtension
  @Order(1)
  static final MirrorDatabases databases = new MirrorDatabases();

  @RegisterExtension
  @Order(2)
  static final PageSession page = new PageSession(databases);

  static Browser browser() {
    return page.browser();
  }
}
