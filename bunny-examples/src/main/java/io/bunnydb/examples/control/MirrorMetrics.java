package io.bunnydb.examples.control;

import io.bunnydb.MirrorState;
import io.bunnydb.MirrorStatus;
import io.bunnydb.TableStatus;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
  private final Supplier<List<MirrorStatus>> statuses;
  private volatile Map<String, MirrorStatus> last = Map.of();
  private Set<Meter.Id> meters = new HashSet<>();
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
    Set<Meter.Id> before = meters;
    meters = new HashSet<>();
    read.values().forEach(status -> addMeters(bound, status));
    before.removeAll(meters);
    before.forEach(bound::remove);
  }

  private void addMeters(MeterRegistry bound, MirrorStatus status) {
    String mirror = status.name();
    gauge(bound, mirror, "lag.bytes", "Log that is not applied yet", MirrorStatus::lagBytes);
    gauge(
        bound,
        mirror,
        "lag.seconds",
        "Age of the oldest change that is not applied yet",
        MirrorStatus::lagSeconds);
    gauge(
        bound,
        mirror,
        "retained.wal.bytes",
        "Log that the slot keeps on the source",
        MirrorStatus::retainedWalBytes);
    gauge(
        bound,
        mirror,
        "error",
        "1 while the mirror shows an error",
        now -> now.error() == null ? 0 : 1);
    for (MirrorState state : MirrorState.values()) {
      meters.add(
          Gauge.builder(
                  "bunny.mirror.state",
                  this,
                  m -> m.read(mirror, now -> now.state() == state ? 1 : 0))
              .description("1 for the state that the mirror is in")
              .tags("mirror", mirror, "state", state.name())
              .register(bound)
              .getId());
    }
    meters.add(
        FunctionCounter.builder(
                "bunny.mirror.transactions",
                this,
                m -> m.read(mirror, MirrorStatus::transactionsApplied))
            .description("Source transactions that have been applied")
            .tags("mirror", mirror)
            .register(bound)
            .getId());
    for (TableStatus table : status.tables()) {
      addMeters(bound, mirror, table.source().toString());
    }
  }

  private void addMeters(MeterRegistry bound, String mirror, String table) {
    rows(bound, mirror, table, "copied", TableStatus::rowsCopied);
    rows(bound, mirror, table, "inserted", TableStatus::rowsInserted);
    rows(bound, mirror, table, "updated", TableStatus::rowsUpdated);
    rows(bound, mirror, table, "deleted", TableStatus::rowsDeleted);
    rows(bound, mirror, table, "missing", TableStatus::rowsMissing);
    meters.add(
        Gauge.builder(
                "bunny.mirror.table.rows.to.copy",
                this,
                m -> m.read(mirror, table, TableStatus::rowsToCopy))
            .description("Estimate of the rows that the table's copy has to bring")
            .tags("mirror", mirror, "table", table)
            .register(bound)
            .getId());
  }

  private void gauge(
      MeterRegistry bound,
      String mirror,
      String name,
      String description,
      ToDoubleFunction<MirrorStatus> value) {
    meters.add(
        Gauge.builder("bunny.mirror." + name, this, m -> m.read(mirror, value))
            .description(description)
            .tags("mirror", mirror)
            .register(bound)
            .getId());
  }

  private void rows(
      MeterRegistry bound,
      String mirror,
      String table,
      String kind,
      ToDoubleFunction<TableStatus> value) {
    meters.add(
        FunctionCounter.builder("bunny.mirror.table.rows", this, m -> m.read(mirror, table, value))
            .description("Rows by what was done with them")
            .tags("mirror", mirror, "table", table, "kind", kind)
            .register(bound)
            .getId());
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
