package io.bunnydb.internal.engine;

import io.bunnydb.PauseAction;
import java.time.Duration;

/**
 * How long a pause may last, and what is done then.
 *
 * @param maxDuration the longest that a pause may last
 * @param maxRetainedWalBytes the most log that the slot may retain meanwhile
 * @param action what is done at either limit
 */
public record PausePolicy(Duration maxDuration, long maxRetainedWalBytes, PauseAction action) {}
