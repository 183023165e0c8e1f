package io.bunnydb.examples.control;

import io.bunnydb.MirrorState;
import io.bunnydb.MirrorStatus;
import io.bunnydb.TableStatus;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Meters of mirrors: lag, retained log, state, rows. Their names and tags stand in {@code
 * docs/control-server.md}.
 *
 * <p>Mirrors and tables come and go, so meters do: each {@link #refresh} reads every status once,
 * from which the values are until the next, adds what is new and removes what is gone. To be called
 * before a scrape, or on a timer. Thread-safe.
 */
public final class MirrorMetrics implements MeterBinder {
  /** What each mirror has. */
  private static final List<MirrorMeter> MIRROR_METERS =
      List.of(
          new MirrorMeter(
              "bunny.mirror.lag.bytes",
              false,
              "Log that is not applied yet",
              MirrorStatus::lagBytes),
          new MirrorMeter(
              "bunny.mirror.lag.seconds",
              false,
              "Age of the oldest change that is not applied yet",
              MirrorStatus::lagSeconds),
          new MirrorMeter(
              "bunny.mirror.retained.wal.bytes",
              false,
              "Log that the slot keeps on the source",
              MirrorStatus::retainedWalBytes),
          new MirrorMeter(
              "bunny.mirror.error",
              false,
              "1 while the mirror shows an error",
              status -> status.error() == null ? 0 : 1),
          new MirrorMeter(
              "bunny.mirror.transactions",
              true,
              "Source transactions that have been applied",
              MirrorStatus::transactionsApplied));

  /** What each table of each mirror has. */
  private static final List<TableMeter> TABLE_METERS =
      List.of(
          new TableMeter(null, TableStatus::rowsToCopy),
          new TableMeter("copied", TableStatus::rowsCopied),
          new TableMeter("inserted", TableStatus::rowsInserted),
          new TableMeter("updated", TableStatus::rowsUpdated),
          new TableMeter("deleted", TableStatus::rowsDeleted),
          new TableMeter("missing", TableStatus::rowsMissing));

  private record MirrorMeter(
      String name, boolean isCount, String description, ToDoubleFunction<MirrorStatus> value) {}

  /** The count of one kind of rows, or, without a kind, of those that a copy has to bring. */
  private record TableMeter(@Nullable String kind, ToDoubleFunction<TableStatus> value) {
    boolean isCount() {
      return kind != null;
    }

    String description() {
      return isCount()
          ? "Rows by what was done with them"
          : "Estimate of the rows that the table's copy has to bring";
    }

    Key key(Tags table) {
      return kind == null
          ? new Key("bunny.mirror.table.rows.to.copy", table)
          : new Key("bunny.mirror.table.rows", table.and("kind", kind));
    }
  }

  /** A meter by its name and tags. */
  private record Key(String name, Tags tags) {}

  private final Supplier<List<MirrorStatus>> statuses;
  private volatile Map<String, MirrorStatus> last = Map.of();
  private final Map<Key, Meter.Id> meters = new HashMap<>();
  private @Nullable MeterRegistry registry;

  /**
   * Meters of the mirrors whose statuses are supplied.
   *
   * @param statuses reads them; asked at each {@link #refresh}
   */
  public MirrorMetrics(Supplier<List<MirrorStatus>> statuses) {
    this.statuses = statuses;
  }

  /** Adds the meters to a registry, with the next {@link #refresh}. */
  @Override
  public synchronized void bindTo(MeterRegistry meterRegistry) {
    this.registry = meterRegistry;
  }

  /** Reads every status once. */
  public synchronized void refresh() {
    MeterRegistry bound = registry;
    if (bound == null) {
      return;
    }
    Map<String, MirrorStatus> read = new HashMap<>();
    statuses.get().forEach(status -> read.put(status.name(), status));
    last = read;
    Set<Key> gone = new HashSet<>(meters.keySet());
    for (MirrorStatus status : read.values()) {
      addMeters(bound, status, gone);
    }
    for (Key key : gone) {
      Meter.Id id = meters.remove(key);
      if (id != null) {
        bound.remove(id);
      }
    }
  }

  /** Adds what is new, and takes what is still there out of what is gone. */
  private void addMeters(MeterRegistry bound, MirrorStatus status, Set<Key> gone) {
    Tags mirror = Tags.of("mirror", status.name());
    for (MirrorMeter meter : MIRROR_METERS) {
      Key key = new Key(meter.name(), mirror);
      gone.remove(key);
      meters.computeIfAbsent(
          key,
          k ->
              register(bound, k, meter.isCount(), meter.description(), read(status.name(), meter)));
    }
    for (MirrorState state : MirrorState.values()) {
      Key key = new Key("bunny.mirror.state", mirror.and("state", state.name()));
      gone.remove(key);
      meters.computeIfAbsent(
          key,
          k ->
              register(
                  bound,
                  k,
                  false,
                  "1 for the state that the mirror is in",
                  () -> read(status.name(), now -> now.state() == state ? 1 : 0)));
    }
    for (TableStatus table : status.tables()) {
      String name = table.source().toString();
      for (TableMeter meter : TABLE_METERS) {
        Key key = meter.key(mirror.and("table", name));
        gone.remove(key);
        meters.computeIfAbsent(
            key,
            k ->
                register(
                    bound,
                    k,
                    meter.isCount(),
                    meter.description(),
                    () -> read(status.name(), name, meter.value())));
      }
    }
  }

  private Meter.Id register(
      MeterRegistry bound, Key key, boolean isCount, String description, DoubleSupplier value) {
    // The registry holds what a meter reads from but weakly.
    Meter meter =
        isCount
            ? FunctionCounter.builder(key.name(), this, metrics -> value.getAsDouble())
                .description(description)
                .tags(key.tags())
                .register(bound)
            : Gauge.builder(key.name(), this, metrics -> value.getAsDouble())
                .description(description)
                .tags(key.tags())
                .register(bound);
    return meter.getId();
  }

  private DoubleSupplier read(String mirror, MirrorMeter meter) {
    return () -> read(mirror, meter.value());
  }

  private double read(String mirror, ToDoubleFunction<MirrorStatus> value) {
    MirrorStatus status = last.get(mirror);
    return status == null ? Double.NaN : value.applyAsDouble(status);
  }

  private double read(String mirror, String table, ToDoubleFunction<TableStatus> value) {
    return read(
        mirror,
        status ->
            status.tables().stream()
                .filter(each -> each.source().toString().equals(table))
                .mapToDouble(value)
                .findFirst()
                .orElse(Double.NaN));
  }
}
