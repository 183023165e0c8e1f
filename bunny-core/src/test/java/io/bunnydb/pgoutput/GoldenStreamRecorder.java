package io.bunnydb.pgoutput;

import io.bunnydb.testing.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;
import org.postgresql.replication.PGReplicationStream;

/**
 * Records the {@linkplain GoldenRecording golden streams} from real servers, which it starts. Run
 * it when a recording is added; what changes in the old ones are object ids, positions and times.
 *
 * <pre>
 * mvn -Dpostgres.all -pl bunny-core test-compile \
 *     dependency:build-classpath -Dmdep.outputFile=target/test-classpath
 * cd bunny-core
 * java -Duser.timezone=UTC -Dbunny.test.postgresBinaries=target/postgres-binaries \
 *     -cp target/test-classes:target/classes:$(cat target/test-classpath) \
 *     io.bunnydb.pgoutput.GoldenStreamRecorder src/test/resources/pgoutput [pg14-v1-text ...]
 * </pre>
 *
 * <p>Without names it records all of them.
 */
public final class GoldenStreamRecorder {

  private static final String DATABASE = "golden";
  private static final String SLOT = "golden";

  private final PostgresServer server;
  private final GoldenRecording recording;

  private GoldenStreamRecorder(PostgresServer server, GoldenRecording recording) {
    this.server = server;
    this.recording = recording;
  }

  /** Records into the folder named first what is named behind it; starts the servers of that. */
  public static void main(String[] arguments) throws IOException, SQLException {
    Path folder = Files.createDirectories(Path.of(arguments[0]));
    List<String> names = List.of(arguments).subList(1, arguments.length);
    for (int major = 14; major <= 18; major++) {
      int of = major;
      List<GoldenRecording> wanted =
          GoldenRecording.ALL.stream()
              .filter(recording -> recording.major() == of)
              .filter(recording -> names.isEmpty() || names.contains(recording.toString()))
              .toList();
      if (!wanted.isEmpty()) {
        record(major, wanted, folder);
      }
    }
  }

  private static void record(int major, List<GoldenRecording> wanted, Path folder)
      throws IOException, SQLException {
    try (PostgresServer server =
        PostgresServer.start(
            major, Map.of("logical_decoding_work_mem", "64kB", "autovacuum", "off"))) {
      for (GoldenRecording recording : wanted) {
        List<byte[]> messages = new GoldenStreamRecorder(server, recording).record();
        recording.write(folder, messages);
        System.out.println(recording + ": " + messages.size() + " messages");
      }
    }
  }

  private List<byte[]> record() throws SQLException {
    server.createDatabase(DATABASE);
    try (Connection connection = connect(new Properties())) {
      GoldenWorkload.prepare(connection);
      execute(
          connection,
          "SELECT pg_create_logical_replication_slot('%s', 'pgoutput', false, %s)"
              .formatted(SLOT, recording.twoPhase()));
      return record(connection);
    } finally {
      server.dropDatabase(DATABASE);
    }
  }

  private List<byte[]> record(Connection connection) throws SQLException {
    Properties properties = new Properties();
    PGProperty.REPLICATION.set(properties, "database");
    PGProperty.ASSUME_MIN_SERVER_VERSION.set(properties, "14");
    PGProperty.PREFER_QUERY_MODE.set(properties, "simple");
    try (Connection replication = connect(properties);
        PGReplicationStream stream = start(replication)) {
      StreamTap tap = new StreamTap(stream);
      new GoldenWorkload(connection, tap).run(recording);
      int marks = tap.count(MessageKind.MESSAGE);
      execute(connection, "SELECT pg_logical_emit_message(false, 'golden', 'end')");
      while (!isEnd(tap.messages())) {
        tap.await(MessageKind.MESSAGE, ++marks);
      }
      return tap.messages();
    }
  }

  private PGReplicationStream start(Connection replication) throws SQLException {
    var options =
        replication
            .unwrap(PGConnection.class)
            .getReplicationAPI()
            .replicationStream()
            .logical()
            .withSlotName(SLOT)
            .withSlotOption("proto_version", recording.version())
            .withSlotOption("publication_names", "golden")
            .withSlotOption("messages", true)
            .withSlotOption("binary", recording.binary());
    if (recording.isStreaming()) {
      options.withSlotOption("streaming", recording.streaming());
    }
    if (recording.twoPhase()) {
      options.withSlotOption("two_phase", true);
    }
    return options.start();
  }

  private static boolean isEnd(List<byte[]> messages) {
    if (messages.isEmpty()) {
      return false;
    }
    PgOutputDecoder decoder = new PgOutputDecoder(1); // the end stands in no stream
    byte[] last = messages.get(messages.size() - 1);
    return last[0] == MessageKind.MESSAGE.code()
        && decoder.wrap(last, 0, last.length) == MessageKind.MESSAGE
        && decoder.message().prefix().equals("golden");
  }

  private Connection connect(Properties properties) throws SQLException {
    PGProperty.USER.set(properties, server.user());
    PGProperty.PASSWORD.set(properties, server.password());
    return DriverManager.getConnection(server.url(DATABASE), properties);
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
