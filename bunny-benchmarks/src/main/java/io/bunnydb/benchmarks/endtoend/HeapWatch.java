package io.bunnydb.benchmarks.endtoend;

import com.sun.management.GarbageCollectionNotificationInfo;
import com.sun.management.GcInfo;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicLong;
import javax.management.ListenerNotFoundException;
import javax.management.Notification;
import javax.management.NotificationEmitter;
import javax.management.NotificationListener;
import javax.management.openmbean.CompositeData;

/**
 * What this JVM needs of its heap: the most that was in use right after a collection. What is in
 * use before one says only how large the JVM lets the heap grow. Told by a thread of the JVM.
 */
final class HeapWatch implements AutoCloseable {
  private static final double BYTES_PER_MIB = 1 << 20;
  private static final List<String> HEAP_POOLS =
      ManagementFactory.getMemoryPoolMXBeans().stream()
          .filter(pool -> pool.getType() == MemoryType.HEAP)
          .map(MemoryPoolMXBean::getName)
          .toList();

  private final Map<String, Long> before = new HashMap<>(); // collections by collector
  private final AtomicLong most = new AtomicLong();
  private final NotificationListener listener = (notification, nothing) -> look(notification);

  /** Begins to watch. */
  HeapWatch() {
    for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      before.put(collector.getName(), collector.getCollectionCount());
      ((NotificationEmitter) collector).addNotificationListener(listener, null, null);
    }
  }

  /** The most by now, in MiB; empty if nothing was collected. */
  OptionalDouble mostMib() {
    long bytes = most.get();
    return bytes == 0 ? OptionalDouble.empty() : OptionalDouble.of(bytes / BYTES_PER_MIB);
  }

  /** Ends the watch. */
  @Override
  public void close() {
    for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      try {
        ((NotificationEmitter) collector).removeNotificationListener(listener);
      } catch (ListenerNotFoundException e) {
        throw new IllegalStateException("closed twice", e);
      }
    }
  }

  private void look(Notification notification) {
    if (notification.getUserData() instanceof CompositeData data
        && notification
            .getType()
            .equals(GarbageCollectionNotificationInfo.GARBAGE_COLLECTION_NOTIFICATION)) {
      GarbageCollectionNotificationInfo told = GarbageCollectionNotificationInfo.from(data);
      GcInfo collection = told.getGcInfo();
      if (collection.getId() <= before.getOrDefault(told.getGcName(), 0L)) {
        return; // one is told some time after it ended
      }
      long used = 0;
      for (Map.Entry<String, MemoryUsage> pool : collection.getMemoryUsageAfterGc().entrySet()) {
        used += HEAP_POOLS.contains(pool.getKey()) ? pool.getValue().getUsed() : 0;
      }
      most.accumulateAndGet(used, Math::max);
    }
  }
}
