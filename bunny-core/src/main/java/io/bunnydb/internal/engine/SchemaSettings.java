package io.bunnydb.internal.engine;

import io.bunnydb.SchemaPolicy;

/**
 * What destination tables take over from the source's.
 *
 * @param hasForeignKeys whether those that Bunny makes get foreign keys
 * @param policy what is done by itself when a source table is altered
 */
public record SchemaSettings(boolean hasForeignKeys, SchemaPolicy policy) {}
