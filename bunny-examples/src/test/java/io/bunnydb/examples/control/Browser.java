package io.bunnydb.examples.control;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import org.junit.jupiter.api.Assumptions;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.FluentWait;

/** A headless Chromium, as a person would use it: looked at, and operated by keys and clicks. */
final class Browser implements AutoCloseable {
  private static final List<Path> CHROMIUM =
      List.of(Path.of("/usr/bin/chromium"), Path.of("/usr/bin/chromium-browser"));
  private static final List<Path> DRIVER =
      List.of(Path.of("/usr/bin/chromedriver"), Path.of("/usr/lib/chromium/chromedriver"));
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final ChromeDriver driver;

  private Browser(ChromeDriver driver) {
    this.driver = driver;
  }

  /** Starts it; skips the test where there is none. */
  static Browser start() {
    Path chromium = first(CHROMIUM);
    Path chromedriver = first(DRIVER);
    Assumptions.assumeTrue(
        chromium != null && chromedriver != null,
        "no Chromium with its driver in /usr/bin; Debian's packages are chromium and"
            + " chromium-driver");
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium.toFile());
    options.addArguments("--headless=new", "--no-sandbox", "--disable-dev-shm-usage");
    options.addArguments("--disable-gpu", "--hide-scrollbars", "--lang=en");
    LoggingPreferences logging = new LoggingPreferences();
    logging.enable(LogType.BROWSER, Level.ALL);
    options.setCapability("goog:loggingPrefs", logging);
    // With both paths given, Selenium has nothing to look for and nothing to download.
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(new File(chromedriver.toString()))
            .usingAnyFreePort()
            .build();
    Browser browser = new Browser(new ChromeDriver(service, options));
    browser.resize(1280, 1000);
    return browser;
  }

  private static Path first(List<Path> candidates) {
    return candidates.stream().filter(Files::isExecutable).findFirst().orElse(null);
  }

  /** Opens an address. */
  void open(String url) {
    driver.get(url);
  }

  /** The first element that a CSS selector finds. */
  WebElement find(String selector) {
    return driver.findElement(By.cssSelector(selector));
  }

  /** All elements that a CSS selector finds, and that can be seen. */
  List<WebElement> findVisible(String selector) {
    return driver.findElements(By.cssSelector(selector)).stream()
        .filter(WebElement::isDisplayed)
        .toList();
  }

  /** Whether something that a CSS selector finds can be seen. */
  boolean isVisible(String selector) {
    return !findVisible(selector).isEmpty();
  }

  /** An attribute of an element; null where it has none. */
  String attribute(String selector, String name) {
    return find(selector).getDomAttribute(name);
  }

  /** The text of an element as it can be seen. */
  String text(String selector) {
    return find(selector).getText();
  }

  /** Waits until an element shows a text, among others. */
  void awaitText(String selector, String text) {
    await(selector + " shows '" + text + "'", () -> text(selector).contains(text));
  }

  /** Waits until something holds. */
  void await(String what, Condition condition) {
    new FluentWait<>(condition)
        .withTimeout(PATIENCE)
        .pollingEvery(Duration.ofMillis(50))
        .withMessage(() -> what + "; the page shows:\n" + text("body"))
        .ignoring(StaleElementReferenceException.class)
        .until(Condition::holds);
  }

  /** Something that can be seen on the page. */
  @FunctionalInterface
  interface Condition {
    boolean holds();
  }

  /** Scrolls an element to where nothing covers it, and clicks it. */
  void click(String selector) {
    WebElement element = find(selector);
    driver.executeScript("arguments[0].scrollIntoView({block: 'center'})", element);
    element.click();
  }

  /** Replaces what stands in a field, key by key. */
  void type(String selector, String text) {
    find(selector).sendKeys(Keys.chord(Keys.CONTROL, "a"), Keys.DELETE, text);
  }

  /** Presses keys where the focus is. */
  void press(CharSequence... keys) {
    driver.switchTo().activeElement().sendKeys(keys);
  }

  /** Presses Tab until an element has the focus, as somebody without a mouse does. */
  void tabTo(String selector) {
    WebElement goal = find(selector);
    for (int i = 0; i < 100; i++) {
      if (driver.switchTo().activeElement().equals(goal)) {
        return;
      }
      press(Keys.TAB);
    }
    throw new AssertionError("Tab does not lead to " + selector);
  }

  /** Whether an element has the focus. */
  boolean hasFocus(String selector) {
    return driver.switchTo().activeElement().equals(find(selector));
  }

  /** Runs a script in the page; gives what it returns. */
  Object run(String script, Object... arguments) {
    return driver.executeScript(script, arguments);
  }

  /** Runs a script that calls its last argument with its result. */
  Object runAsync(String script, Object... arguments) {
    return driver.executeAsyncScript(script, arguments);
  }

  /** Changes the size of what is shown, in CSS pixels. */
  void resize(int width, int height) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
    driver.manage().window().setSize(new Dimension(Math.max(width, 500), height));
  }

  /** Has pages shown as somebody sees them who prefers dark colours, or light ones. */
  void prefer(String colours) {
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", colours))));
  }

  /** Cuts the page off from its server, or connects it again. */
  void setOffline(boolean isOffline) {
    driver.executeCdpCommand("Network.enable", Map.of());
    driver.executeCdpCommand(
        "Network.emulateNetworkConditions",
        Map.of(
            "offline", isOffline, "latency", 0, "downloadThroughput", -1, "uploadThroughput", -1));
  }

  /** What the page's scripts and the browser complained about since the last call. */
  List<String> complaints() {
    return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
        .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
        .map(LogEntry::getMessage)
        .toList();
  }

  /** Writes what is shown into a PNG file. */
  void photograph(Path file) throws IOException {
    Files.createDirectories(file.getParent());
    Files.write(file, driver.getScreenshotAs(OutputType.BYTES));
  }

  @Override
  public void close() {
    driver.quit();
  }
}
