package io.bunnydb.examples.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;

/** Looks at a page with axe-core, which knows the rules of WCAG 2.2. */
final class Accessibility {
  private static final String AXE = "/axe.min.js";

  private Accessibility() {}

  /** What it finds wrong with what is shown: rule, what to do, and where. */
  static List<?> violations(Browser browser) {
    if (browser.run("return typeof axe").equals("undefined")) {
      browser.run(source());
    }
    return (List<?>)
        browser.runAsync(
            """
            const done = arguments[arguments.length - 1];
            axe.run().then(
              found => done(found.violations.map(
                v => v.id + ': ' + v.help + ' ' + v.nodes.map(n => n.html + ' ' + n.failureSummary).join('; '))),
              error => done([String(error)]));
            """);
  }

  private static String source() {
    try (InputStream script = Accessibility.class.getResourceAsStream(AXE)) {
      return new String(script.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
