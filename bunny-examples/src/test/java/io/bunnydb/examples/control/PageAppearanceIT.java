package io.bunnydb.examples.control;

import static io.bunnydb.examples.control.PageSession.STATE;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.SidesDiffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openqa.selenium.WebElement;

/** How the page looks, reads and behaves while it asks the server again and again. */
final class PageAppearanceIT extends PageFixture {
  private static final String PEERS = "source_db → dest_db";

  @Test
  void marksWhatIsOldWhileTheServerDoesNotAnswer() {
    page.signIn();
    browser().setOffline(true);
    browser().awaitText("#connection", "No answer. Shown is how it was at");
    assertThat(browser().attribute(PAUSE, "title")).contains("does not answer");
    assertThat(browser().text(STATE)).isEqualTo("RUNNING");
    browser().setOffline(false);
    browser().awaitText("#connection", "Live");
    assertThat(browser().attribute(PAUSE, "title")).isNull();
  }

  @Test
  void leavesFocusSelectionAndPlaceAloneWhileItAsksAgain() {
    page.signIn();
    browser().find("#log-search").sendKeys("a");
    browser().awaitText("#log-range", "1 to");
    browser().run("getSelection().selectAllChildren(document.querySelector('#mirror-peers'))");
    Object row = browser().run("return document.querySelector('#table-rows tr')");
    Object place = browser().run("return document.querySelector('#log-heading').offsetTop");
    Object focus = browser().run("return document.activeElement");
    for (int i = 0; i < 2; i++) {
      String before = browser().text("#connection");
      browser().await("it asked again", () -> !browser().text("#connection").equals(before));
    }
    assertThat(browser().run("return String(getSelection())")).isEqualTo(PEERS);
    assertThat(browser().run("return document.activeElement")).isEqualTo(focus);
    assertThat(browser().run("return document.querySelector('#table-rows tr')")).isEqualTo(row);
    assertThat(browser().run("return document.querySelector('#log-heading').offsetTop"))
        .isEqualTo(place);
  }

  @ParameterizedTest
  @CsvSource({"1280, light", "1280, dark", "360, light", "360, dark"})
  void isAccessibleAndFitsTheScreen(int width, String colours) {
    browser().resize(width, 800);
    browser().prefer(colours);
    browser().await("the token is asked for", () -> browser().isVisible("#token"));
    assertThat(Accessibility.violations(browser())).isEmpty();

    page.signIn();
    browser().click(PAUSE);
    browser().awaitText("#available", "public.products");
    browser().click("#add-table");
    assertThat(Accessibility.violations(browser())).isEmpty();
    assertThat(widerThan(width)).isEmpty();
    for (WebElement control : browser().findVisible("a, button, input, select, summary")) {
      assertThat(control.getAccessibleName()).as(control.getDomProperty("outerHTML")).isNotBlank();
    }

    browser().click("[data-command=resync]");
    browser().await("the dialog is open", () -> browser().isVisible("#resync-dialog"));
    assertThat(Accessibility.violations(browser())).isEmpty();
  }

  /** What reaches beyond the right edge. */
  private static List<?> widerThan(int width) {
    return (List<?>)
        browser()
            .run(
                """
                return [...document.querySelectorAll('body, #workspace *')]
                  .filter(e => e.checkVisibility() && e.closest('.visually-hidden, thead') === null)
                  .filter(e => e.getBoundingClientRect().right > arguments[0])
                  .map(e => e.outerHTML)
                """,
                width);
  }

  /** Writes the pictures of the documentation: -Dbunny.screenshots=docs/images. */
  @Test
  @EnabledIfSystemProperty(named = "bunny.screenshots", matches = ".+")
  @ExpectsLog("total_positive")
  @SidesDiffer("photographed while an error holds it up")
  void isPhotographed() throws Exception {
    Path folder = Path.of(System.getProperty("bunny.screenshots"));
    page.signIn();
    awaitPointsUnderLoad(12, 0);
    browser().click(PAUSE);
    browser().awaitText(STATE, "PAUSED");
    awaitPointsUnderLoad(30, 1_000);
    browser().click("[data-command=resume]");
    browser().awaitText(STATE, "RUNNING");
    awaitPointsUnderLoad(45, 2_000);
    browser().resize(1280, 1500);
    browser().photograph(folder.resolve("control-page.png"));

    databases
        .destination()
        .execute("ALTER TABLE orders ADD CONSTRAINT total_positive CHECK (total > 0)");
    databases.source().execute("INSERT INTO orders VALUES (0, 7, -20)");
    browser().awaitText("#error-heading", "Paused by an error");
    browser().prefer("dark");
    browser().resize(1280, 1000);
    browser().photograph(folder.resolve("control-page-error-dark.png"));
    browser().prefer("light");
    browser().resize(360, 1400);
    browser().photograph(folder.resolve("control-page-narrow.png"));
  }

  /** Writes on the source until the chart has as many points, so that there is something to see. */
  private static void awaitPointsUnderLoad(int points, int round) {
    int[] next = {round};
    browser()
        .await(
            points + " points are drawn",
            () -> {
              int id = 1_000_000 + 1_000 * next[0]++;
              databases
                  .source()
                  .execute(
                      "INSERT INTO users SELECT %d + n, 'new' FROM generate_series(1, 50) n"
                          .formatted(id));
              return browser().attribute("#lag-bytes-chart .line", "d").split("L", -1).length
                  > points;
            });
  }
}
