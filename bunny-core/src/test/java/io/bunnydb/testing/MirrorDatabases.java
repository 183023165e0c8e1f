package io.bunnydb.testing;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * A JUnit extension that gives each test a new source and a new destination database, or such as
 * are as new, and checks after the test that mirror and test have left nothing behind.
 *
 * <pre>{@code
 * @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();
 *
 * @Test
 * void copiesEveryRow() {
 *   databases.source().execute("CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a VALUES (1)");
 *   ...
 *   databases.assertMirrored("public.a");
 * }
 * }</pre>
 *
 * <p>It may as well be registered by {@code @ExtendWith(MirrorDatabases.class)} and be taken as a
 * parameter of the test. After a test that did not fail it checks that
 *
 * <ul>
 *   <li>no thread named {@code bunny-*} lives and no connection is open whose {@code
 *       application_name} starts with {@code bunny}, within 5 seconds;
 *   <li>no slot and no publication is left, unless the test {@linkplain LeavesReplication says so};
 *   <li>all tables of the same name on both sides have the same columns and rows, unless the test
 *       {@linkplain SidesDiffer says so};
 *   <li>nothing above INFO was logged by {@code io.bunnydb.*} that the test does not {@linkplain
 *       ExpectsLog declare}.
 * </ul>
 *
 * <p>It cleans up in any case: the databases, their slots, roles that the test made and settings of
 * {@code ALTER SYSTEM}. A database on a shared server is emptied and, under another name, given to
 * the next test if its catalogs are as when it was made; of the past only statistics and the size
 * of the catalogs are left. After a failure, and on servers of the caller, it is dropped. If a test
 * fails it prints what the servers have logged. As threads and servers are shared, the tests run
 * one after another, not in parallel.
 */
public final class MirrorDatabases
    implements BeforeEachCallback, AfterEachCallback, ParameterResolver {

  private static final Duration DEADLINE = Duration.ofSeconds(5);

  private final @Nullable PostgresServer sourceServer;
  private final @Nullable PostgresServer destinationServer;
  private volatile @Nullable TestRun run;

  /** Uses the JVM's shared servers, which start with the first test. */
  public MirrorDatabases() {
    this(null, null);
  }

  private MirrorDatabases(@Nullable PostgresServer source, @Nullable PostgresServer destination) {
    this.sourceServer = source;
    this.destinationServer = destination;
  }

  /** Uses the caller's servers, which the caller closes. */
  public static MirrorDatabases between(PostgresServer source, PostgresServer destination) {
    return new MirrorDatabases(source, destination);
  }

  /** The current test's source. */
  public TestDatabase source() {
    return current().source();
  }

  /** The current test's destination. */
  public TestDatabase destination() {
    return current().destination();
  }

  /**
   * Fails unless each table has the same columns and rows on both sides.
   *
   * @param tables names as in SQL, such as {@code public.a}
   */
  public void assertMirrored(String... tables) {
    for (String table : tables) {
      TableComparison.assertEqual(source(), table, destination(), table);
    }
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    begin();
  }

  @Override
  public void afterEach(ExtensionContext context) {
    finish(
        Declarations.of(context.getRequiredTestMethod(), context.getRequiredTestClass()),
        context.getExecutionException().isPresent());
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == MirrorDatabases.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return this;
  }

  /** Makes the databases of the next test. */
  void begin() {
    if (run != null) {
      throw new IllegalStateException("a test runs already; these tests cannot run in parallel");
    }
    if (sourceServer == null || destinationServer == null) {
      PostgresServer.startShared();
      run =
          TestRun.begin(
              PostgresServer.shared(Side.SOURCE), PostgresServer.shared(Side.DESTINATION));
    } else {
      run = TestRun.begin(sourceServer, destinationServer);
    }
  }

  /** Checks them, then empties or drops them; fails with all that was found. */
  void finish(Declarations declarations, boolean failed) {
    finish(declarations, failed, DEADLINE);
  }

  /**
   * Checks them, then empties or drops them, with another deadline for threads and connections to
   * end.
   */
  void finish(Declarations declarations, boolean failed, Duration deadline) {
    TestRun finished = run;
    run = null;
    if (finished == null) {
      return; // the databases could not be made
    }
    List<String> problems = finished.finish(declarations, failed, deadline);
    if (!problems.isEmpty()) {
      throw new AssertionError("after the test:\n" + String.join("\n", problems));
    }
  }

  private TestRun current() {
    TestRun current = run;
    if (current == null) {
      throw new IllegalStateException(
          "no test runs: the databases live from before each to after each");
    }
    return current;
  }
}
