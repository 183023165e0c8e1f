package io.bunnydb.internal.engine;

import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.schema.ShadowTable;
import io.bunnydb.internal.source.Publication;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Checks whether a destination table can have a shadow. */
final class ShadowPreflight {
  private static final int FIRST_WITH_SCHEMA_PUBLICATIONS = 15;
  private static final String INSTEAD = "resync it with TRUNCATE, or ";

  private final MirrorConfig config;
  private final Connection source;
  private final Connection destination;
  private final Findings findings;

  ShadowPreflight(
      MirrorConfig config, Connection source, Connection destination, Findings findings) {
    this.config = config;
    this.source = source;
    this.destination = destination;
    this.findings = findings;
  }

  /** Adds what stands against it, of tables of a checkpoint. */
  void check(Checkpoint checkpoint, List<TableCheckpoint> tables) throws SQLException {
    TableName failed =
        checkpoint.error() == null
            ? null
            : KeptFailure.parse(checkpoint.error(), Instant.EPOCH).table();
    Map<TableName, Publication.Membership> members =
        Publication.memberships(
            source,
            checkpoint.publication(),
            tables.stream().map(table -> table.mapping().source()).toList());
    for (TableCheckpoint table : tables) {
      TableName name = table.mapping().source();
      if (name.equals(failed)) {
        findings.error(
            name,
            "an error of this table keeps the mirror paused, and a swap needs the stream to go on",
            "cure it and resume first, or resync it with TRUNCATE");
      }
      Publication.Membership member = members.get(name);
      if (member == null
          || member.oid() != table.sourceOid()
          || member.entry() != table.publicationEntry()) {
        findings.error(
            name,
            "it is another table than the one that is followed, or has left its publication since,"
                + " so that the stream cannot go on with it",
            "resync it with TRUNCATE");
      }
      check(table.mapping());
    }
  }

  private void check(TableMapping mapping) throws SQLException {
    Optional<Table> found = Catalog.table(destination, mapping.destination());
    if (found.isEmpty()) {
      findings.error(
          mapping.source(),
          "destination table " + mapping.destination() + ", which is to be swapped, is gone",
          "resync it with TRUNCATE, which makes it anew");
      return;
    }
    Table target = found.get();
    if (target.primaryKey().isEmpty() && !config.store().joinsDestination()) {
      findings.error(
          mapping.source(),
          "destination table "
              + target.name()
              + " has no primary key, and the checkpoint is kept elsewhere, so that changes of the"
              + " moment of the swap would be applied twice",
          "resync it with TRUNCATE");
    }
    TableName shadow = ShadowTable.name(target);
    String schema = shadow.schema();
    if (!Sql.queryBoolean(
        destination, "SELECT pg_catalog.has_schema_privilege(?, 'CREATE')", schema)) {
      findings.error(
          mapping.source(),
          "no table can be made beside destination table " + target.name(),
          INSTEAD
              + "GRANT CREATE ON SCHEMA "
              + Sql.identifier(schema)
              + " TO "
              + Sql.identifier(config.destination().user()));
    }
    if (Catalog.table(destination, shadow).isPresent()
        && !ShadowTable.all(destination, config.name()).contains(shadow)) {
      findings.error(
          mapping.source(),
          "the destination has a table " + shadow + ", which this mirror did not make",
          INSTEAD + "rename that table");
    }
    checkPublications(mapping.source(), schema);
  }

  /** Subscribers stop at changes of a table that they have not. */
  private void checkPublications(TableName source, String schema) throws SQLException {
    boolean areThereOfSchemas =
        destination.getMetaData().getDatabaseMajorVersion() >= FIRST_WITH_SCHEMA_PUBLICATIONS;
    String names =
        Sql.queryText(
            destination,
            "SELECT pg_catalog.string_agg(p.pubname, ', ') FROM pg_catalog.pg_publication p"
                + " WHERE p.puballtables"
                + (areThereOfSchemas
                    ? " OR EXISTS (SELECT FROM pg_catalog.pg_publication_namespace n"
                        + " WHERE n.pnpubid = p.oid"
                        + " AND n.pnnspid = (SELECT oid FROM pg_catalog.pg_namespace"
                        + " WHERE nspname = CAST(? AS text)))"
                    : " AND CAST(? AS text) IS NOT NULL"),
            schema);
    if (names != null) {
      findings.error(
          source,
          "publication "
              + names
              + " of the destination publishes whatever is made in schema "
              + schema
              + ", and subscribers would stop at the table that is made there for a time",
          INSTEAD + "have the publication name its tables");
    }
  }
}
