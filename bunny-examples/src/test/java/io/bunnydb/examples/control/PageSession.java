package io.bunnydb.examples.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.testing.MirrorDatabases;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.openqa.selenium.Keys;

/**
 * Opens the page for each test, in front of a server with one running mirror, and checks afterwards
 * that the browser has nothing to complain of.
 *
 * <p>The browser is that of all tests; where there is none, tests are skipped. To be registered
 * after the databases, so that it ends before they are checked.
 */
final class PageSession implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback {
  /** The mirror: of public.users and public.orders, but not of public.products. */
  static final String MIRROR = "prod_to_staging";

  /** Where the state of the mirror that is shown stands. */
  static final String STATE = "#mirror-state";

  private final MirrorDatabases databases;
  private Browser browser;
  private TestServer server;

  PageSession(MirrorDatabases databases) {
    this.databases = databases;
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    browser =
        context
            .getRoot()
            .getStore(Namespace.create(Browser.class))
            .getOrComputeIfAbsent("browser", key -> Browser.start(), Browser.class);
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    databases
        .source()
        .execute(
            "CREATE TABLE users (id int PRIMARY KEY, name text)",
            "CREATE TABLE orders (id int PRIMARY KEY, user_id int, total numeric)",
            "CREATE TABLE products (id int PRIMARY KEY, name text, internal_cost numeric)",
            "INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 100) n",
            "INSERT INTO orders SELECT n, n % 100, n * 1.5 FROM generate_series(1, 300) n",
            "INSERT INTO products SELECT n, 'product ' || n, n FROM generate_series(1, 50) n");
    server = TestServer.start(databases);
    server.createRunning(MIRROR, "public.users", "public.orders");
    browser.resize(1280, 1000);
    browser.prefer("light");
    browser.open("http://localhost:" + server.port() + "/");
  }

  @Override
  public void afterEach(ExtensionContext context) {
    try (TestServer closed = server) {
      browser.open("about:blank");
      if (closed.get("/v1/mirrors/" + MIRROR).status() == 200) {
        closed.drop(MIRROR);
      }
    }
    assertThat(browser.complaints())
        .as("what the browser complains of, besides answers that are errors")
        .filteredOn(complaint -> !complaint.contains("Failed to load resource"))
        .isEmpty();
  }

  /** The browser, at the page. */
  Browser browser() {
    return browser;
  }

  /** The server, as a program sees it. */
  TestServer server() {
    return server;
  }

  /** What the server says of the mirror's state. */
  String status() {
    return server.get("/v1/mirrors/" + MIRROR).json().get("status").textValue();
  }

  /** Enters the administrator's token and waits until the mirror is shown. */
  void signIn() {
    signInWith(TestServer.ADMIN);
    browser.awaitText(STATE, "RUNNING");
  }

  /** Enters a token. */
  void signInWith(String token) {
    browser.await("the token is asked for", () -> browser.isVisible("#token"));
    browser.type("#token", token);
    browser.press(Keys.ENTER);
  }
}
