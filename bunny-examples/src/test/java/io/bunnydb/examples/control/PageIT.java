package io.bunnydb.examples.control;

import static io.bunnydb.examples.control.PageSession.STATE;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.bunnydb.testing.ExpectsLog;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/** The page in a real browser, in front of a real server and real databases. */
final class PageIT extends PageFixture {
  private static final String MIRROR = "/v1/mirrors/" + PageSession.MIRROR;
  private static final String RETRY = "[data-command=retry]";
  private static final String DELETE = "[data-command=delete]";
  private static final String RESULT = "#command-result";
  private static final String NEW_DESTINATION =
      "#mapping-rows tr:last-child [data-part=destination]";

  @Test
  void asksForATokenAgainIfTheServerDoesNotKnowIt() {
    page.signInWith("not-a-token");
    browser().awaitText("#sign-in-error", "does not know this token");
    assertThat(browser().hasFocus("#token")).isTrue();
    page.signInWith(TestServer.ADMIN);
    browser().awaitText("#mirror-list", PageSession.MIRROR);
  }

  @Test
  void keepsTheTokenUntilItIsGivenUp() {
    page.signIn();
    browser().run("location.reload()");
    browser().awaitText(STATE, "RUNNING");
    browser().click("#sign-out");
    browser().run("location.reload()");
    browser().await("the token is asked for", () -> browser().isVisible("#token"));
  }

  @Test
  void showsStateLagAndTables() {
    page.signIn();
    browser().awaitText("#mirror-peers", "source_db → dest_db");
    browser().awaitText("#mirror-phase", "following changes");
    browser().await("the lag is a number", () -> browser().text("#lag-seconds").endsWith(" s"));
    browser()
        .await(
            "the chart has a line",
            () -> browser().attribute("#lag-bytes-chart .line", "d").contains("L"));
    assertThat(browser().find("#lag-bytes-chart").getAccessibleName()).contains("highest in 5 min");
    browser().awaitText("#facts", "bunny_prod_to_staging");
    databases
        .source()
        .execute("INSERT INTO users SELECT 1000 + n, 'new' FROM generate_series(1, 7) n");
    String inserted = "[data-key='public.users'] [data-part=inserted]";
    browser().await("seven rows are counted", () -> browser().text(inserted).equals("7"));
    assertThat(browser().text("[data-key='public.users'] [data-part=state]")).isEqualTo("live");
  }

  @Test
  void pausesAndResumesByKeyboard() {
    page.signIn();
    browser().tabTo(PAUSE);
    browser().press(Keys.ENTER);
    browser().awaitText(STATE, "PAUSED");
    browser().awaitText(RESULT, "Mirror 'prod_to_staging' paused successfully");
    assertThat(browser().hasFocus(PAUSE)).as("the button keeps the focus").isTrue();
    assertThat(page.status()).isEqualTo("PAUSED");
    browser()
        .await(
            "the change is read out",
            () -> browser().find("#announcer").getDomProperty("textContent").contains(": paused"));

    browser().press(Keys.ENTER);
    browser().awaitText(RESULT, "paused already");
    browser().press(Keys.TAB);
    assertThat(browser().hasFocus(RESUME)).isTrue();
    browser().press(Keys.SPACE);
    browser().awaitText(STATE, "RUNNING");
    assertThat(page.status()).isEqualTo("RUNNING");
  }

  @Test
  void copiesATableThatWasAddedWhilePaused() {
    page.signIn();
    assertThat(browser().attribute("#save-mapping", "title")).contains("Pause the mirror");
    browser().click(PAUSE);
    browser().awaitText("#available", "public.products");
    browser().run("document.querySelector('#available').value = 'public.products'");
    browser().click("#add-table");
    assertThat(browser().hasFocus(NEW_DESTINATION)).isTrue();
    browser().type(NEW_DESTINATION, "products");
    browser().type("#mapping-rows tr:last-child [data-part=excluded]", "internal_cost");
    browser().awaitText("#mapping-hint", "1 added");
    browser().click("#save-mapping");

    browser().await("the refusal is shown", () -> !browser().text("#mapping-error").isEmpty());
    assertThat(browser().attribute(NEW_DESTINATION, "aria-invalid")).isEqualTo("true");
    browser().type(NEW_DESTINATION, "public.goods");
    assertThat(browser().text("#mapping-error")).isEmpty();
    browser().press(Keys.ENTER);
    browser().awaitText("#mapping-result", "Table mappings updated successfully");

    browser().click(RESUME);
    browser().awaitText("#table-rows", "→ public.goods");
    String state = "[data-key='public.products'] [data-part=state]";
    browser().await("the table has joined", () -> browser().text(state).equals("live"));
    assertThat(databases.destination().queryLong("SELECT count(*) FROM goods")).isEqualTo(50);
    assertThat(
            databases
                .destination()
                .queryLong(
                    "SELECT count(*) FROM pg_attribute WHERE attrelid = 'goods'::regclass AND attname = 'internal_cost'"))
        .isZero();
  }

  @Test
  void removesATableAndThrowsEditsAway() {
    page.signIn();
    browser().click(PAUSE);
    browser().awaitText("#available", "public.products");
    browser().click("[aria-label='Remove public.orders']");
    browser().awaitText("#mapping-hint", "1 removed");
    browser().awaitText("#available", "public.orders");
    browser().click("#discard-mapping");
    browser().awaitText("#mapping-rows", "public.orders");

    browser().click("[aria-label='Remove public.orders']");
    browser().click("#save-mapping");
    browser().awaitText("#mapping-result", "Table mappings updated successfully");
    assertThat(page.server().get(MIRROR + "/tables").json().findValuesAsText("source_table"))
        .containsExactly("public.users");
  }

  @Test
  @ExpectsLog("no_zoe")
  void showsAnErrorWithItsCureAndGoesOnAfterIt() {
    page.signIn();
    databases
        .destination()
        .execute("ALTER TABLE users ADD CONSTRAINT no_zoe CHECK (name <> 'Zoe')");
    databases.source().execute("INSERT INTO users VALUES (2001, 'Zoe')");
    browser().awaitText("#error-heading", "Paused by an error");
    browser().awaitText("#error-text", "no_zoe");
    assertThat(browser().text("#error-text"))
        .isEqualTo(page.server().get(MIRROR).json().get("error").textValue());
    browser().awaitText("#mirror-list", "paused by an error");
    JsonNode failure = page.server().get(MIRROR).json().get("failure");
    assertThat(facts())
        .containsEntry("Kind", "constraint")
        .containsEntry("Table", "public.users")
        .containsEntry("Position", failure.get("lsn").textValue())
        .containsEntry("SQLSTATE", "23514")
        .containsEntry("Failed attempts", "1")
        .containsEntry("Next attempt", "by Resume or Retry")
        .hasEntrySatisfying("Since", time -> assertThat(time).matches("[-\\d]{10} [:\\d]{8}"));
    assertThat(Accessibility.violations(browser())).isEmpty();

    databases.destination().execute("ALTER TABLE users DROP CONSTRAINT no_zoe");
    browser().click(RETRY);
    browser().awaitText(STATE, "RUNNING");
    browser().await("the error is gone", () -> !browser().isVisible("#error"));
    browser()
        .await(
            "the row has come",
            () ->
                databases.destination().queryLong("SELECT count(*) FROM users WHERE id = 2001")
                    == 1);
  }

  @Test
  @ExpectsLog("failed, the next follows in")
  void tellsWhenItTriesAgain() {
    page.signIn();
    databases.destination().server().stop();
    browser().awaitText("#error-heading", "tries again by itself");
    assertThat(facts())
        .containsEntry("Kind", "connection")
        .doesNotContainKeys("Table", "Position")
        .hasEntrySatisfying(
            "Next attempt", next -> assertThat(next).matches("[:\\d]{8}|under way"));
    assertThat(browser().text(STATE)).isEqualTo("RUNNING");
    browser()
        .await("attempts are counted", () -> Integer.parseInt(facts().get("Failed attempts")) > 1);

    databases.destination().server().start();
    browser().click(RETRY);
    browser().await("the error is gone", () -> !browser().isVisible("#error"));
  }

  /** What is told of the error, by name. */
  private static Map<String, String> facts() {
    Map<String, String> facts = new LinkedHashMap<>();
    for (WebElement pair : browser().findVisible("#error-facts > div")) {
      String[] lines = pair.getText().split("\n", 2);
      facts.put(lines[0], lines[1]);
    }
    return facts;
  }

  @Test
  void searchesAndFiltersTheLog() {
    page.signIn();
    browser().click(PAUSE);
    browser().awaitText("#log-rows", "PAUSED");
    browser().type("#log-search", "paused");
    browser()
        .await(
            "only what was searched is shown",
            () ->
                browser().findVisible("#log-rows tr").stream()
                    .allMatch(row -> row.getText().toLowerCase(Locale.ROOT).contains("paused")));
    browser().type("#log-search", "nowhere to be found");
    browser().awaitText("#log-range", "Nothing found");
    browser().type("#log-search", " ");
    browser().awaitText("#log-range", "1 to ");
    browser()
        .run(
            "const level = document.querySelector('#log-level'); level.value = 'ERROR';"
                + " level.dispatchEvent(new Event('change', {bubbles: true}))");
    browser().awaitText("#log-range", "Nothing found");
  }

  @Test
  void aReadOnlyTokenGivesNoCommandsAndSaysWhy() {
    page.signInWith(TestServer.READ_ONLY);
    browser().awaitText(STATE, "RUNNING");
    browser().awaitText("#read-only", "may only read");
    for (String command : List.of(PAUSE, RESUME, RETRY, DELETE, "#save-mapping", "#add-table")) {
      assertThat(browser().attribute(command, "aria-disabled")).as(command).isEqualTo("true");
      assertThat(browser().attribute(command, "title")).as(command).contains("only read");
    }
    browser().click(PAUSE);
    browser().awaitText(RESULT, "This token may only read.");
    assertThat(page.status()).isEqualTo("RUNNING");
  }

  @Test
  void deletesOnlyWhatWasConfirmed() {
    page.signIn();
    browser().click(DELETE);
    browser().awaitText("#delete-dialog", "Delete prod_to_staging?");
    browser().press(Keys.ESCAPE);
    browser().await("the dialog is closed", () -> !browser().isVisible("#delete-dialog"));
    assertThat(browser().hasFocus(DELETE)).isTrue();
    browser().click(DELETE);
    browser().press(Keys.ENTER); // Cancel has the focus
    browser().await("the dialog is closed", () -> !browser().isVisible("#delete-dialog"));
    assertThat(page.status()).isEqualTo("RUNNING");

    browser().click(DELETE);
    browser().click("#delete-dialog [value=confirm]");
    browser().awaitText("#nothing", "No mirror yet");
    assertThat(databases.source().queryLong("SELECT count(*) FROM pg_replication_slots")).isZero();
  }
}
