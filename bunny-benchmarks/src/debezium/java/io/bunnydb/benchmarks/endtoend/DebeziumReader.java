package io.bunnydb.benchmarks.endtoend;

import io.debezium.embedded.Connect;
import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/**
 * Debezium's embedded engine with a consumer that throws the events away: receiving and decoding,
 * without writing. Its engine works on threads of its own; the methods are not thread-safe.
 */
final class DebeziumReader implements Contender {
  private static final String MARKER = ".public." + Workload.MARKER;

  private final Databases databases;
  private final ReaderSlot slot;
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private volatile boolean done;
  private volatile @Nullable String failure;
  private @Nullable DebeziumEngine<ChangeEvent<SourceRecord, SourceRecord>> engine;

  private DebeziumReader(Databases databases, ReaderSlot slot) {
    this.databases = databases;
    this.slot = slot;
  }

  /** Makes the reader; found by its name in {@code META-INF/services}. */
  public static final class Provider implements FurtherContender {
    @Override
    public Contender heldBack(Databases databases, List<String> tables) throws SQLException {
      return new DebeziumReader(databases, ReaderSlot.create(databases, tables));
    }
  }

  @Override
  public String slot() {
    return slot.name();
  }

  @Override
  public void release(Marker marker) {
    DebeziumEngine<ChangeEvent<SourceRecord, SourceRecord>> made =
        DebeziumEngine.create(Connect.class)
            .using(properties())
            .using(
                (success, message, error) -> {
                  if (!success) {
                    failure = message;
                  }
                })
            .notifying(
                (events, committer) -> {
                  for (ChangeEvent<SourceRecord, SourceRecord> event : events) {
                    done |= event.destination() != null && event.destination().endsWith(MARKER);
                    committer.markProcessed(event);
                  }
                  committer.markBatchFinished();
                })
            .build();
    engine = made;
    thread.execute(made);
  }

  private Properties properties() {
    Database source = databases.sourceOfContenders();
    Properties properties = new Properties();
    properties.setProperty("name", "bench");
    properties.setProperty(
        "connector.class", "io.debezium.connector.postgresql.PostgresConnector");
    properties.setProperty(
        "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore");
    properties.setProperty("offset.flush.interval.ms", "60000");
    properties.setProperty("topic.prefix", "bench");
    properties.setProperty("database.hostname", source.host());
    properties.setProperty("database.port", source.port());
    properties.setProperty("database.dbname", source.name());
    properties.setProperty("database.user", source.user());
    properties.setProperty("database.password", source.password());
    properties.setProperty("plugin.name", "pgoutput");
    properties.setProperty("slot.name", slot());
    properties.setProperty("publication.name", slot.publication());
    properties.setProperty("publication.autocreate.mode", "disabled");
    properties.setProperty("snapshot.mode", "no_data");
    properties.setProperty("tombstones.on.delete", "false");
    // Large, as a backlog is to be worked off.
    properties.setProperty("max.batch.size", "16384");
    properties.setProperty("max.queue.size", "65536");
    properties.setProperty("poll.interval.ms", "5");
    return properties;
  }

  @Override
  public List<String> destinationPids() {
    return List.of();
  }

  @Override
  public boolean holdsMarker() {
    String problem = failure;
    if (problem != null) {
      throw new IllegalStateException("Debezium's engine met an error: " + problem);
    }
    return done;
  }

  @Override
  public void close() throws SQLException {
    DebeziumEngine<ChangeEvent<SourceRecord, SourceRecord>> made = engine;
    if (made != null) {
      try {
        made.close();
      } catch (IOException e) {
        throw new IllegalStateException("Debezium's engine could not be closed", e);
      }
    }
    thread.shutdown();
    slot.drop();
  }
}
