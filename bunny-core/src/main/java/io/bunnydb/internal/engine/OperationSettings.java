package io.bunnydb.internal.engine;

import io.bunnydb.TableErrorPolicy;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a mirror is operated: what it does beside its work.
 *
 * @param isStandby whether it waits for the process that runs the mirror, and takes over from it
 * @param isSlotForFailover whether its slot is one that the source's standbys have too
 * @param heartbeat how often it writes a message into the source's log; zero for never
 * @param pausePolicy what becomes of a long pause; null for nothing
 * @param tableError what becomes of the mirror when one table cannot go on
 */
public record OperationSettings(
    boolean isStandby,
    boolean isSlotForFailover,
    Duration heartbeat,
    @Nullable PausePolicy pausePolicy,
    TableErrorPolicy tableError) {}
