package io.bunnydb.internal.engine;

/**
 * What destination tables take over from the source's.
 *
 * @param hasForeignKeys whether those that Bunny makes get foreign keys
 */
public record SchemaSettings(boolean hasForeignKeys) {}
