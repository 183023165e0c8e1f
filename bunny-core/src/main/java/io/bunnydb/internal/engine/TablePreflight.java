package io.bunnydb.internal.engine;

import io.bunnydb.ErrorKind;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.ErrorKinds;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.internal.source.Partition;
import io.bunnydb.internal.source.Publication;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * Checks whether tables can be mirrored: in the publication, by {@link SourceTablePreflight} on the
 * source, and by {@link DestinationTablePreflight} on the destination.
 */
final class TablePreflight {
  private final MirrorConfig config;
  private final Connection source;
  private final Connection destination;
  private final Findings findings;
  private final PlannedSql sql;
  private final SourceTablePreflight sourceTables;
  private final DestinationTablePreflight destinationTables;

  /**
   * A preflight of tables.
   *
   * @param findings takes what is found
   * @param sql takes the SQL that would make what is missing
   */
  TablePreflight(
      MirrorConfig config,
      Connection source,
      Connection destination,
      Findings findings,
      PlannedSql sql) {
    this.config = config;
    this.source = source;
    this.destination = destination;
    this.findings = findings;
    this.sql = sql;
    this.sourceTables = new SourceTablePreflight(config.source(), source, findings);
    this.destinationTables =
        new DestinationTablePreflight(config, source, destination, findings, sql);
  }

  /**
   * Checks tables that are to be added to a mirror.
   *
   * @param areCopied whether the copy brings their rows, so that the destination must be empty
   * @param owned destination tables whose rows are the mirror's own and may go
   */
  void check(List<TableMapping> mappings, boolean areCopied, Set<TableName> owned)
      throws SQLException {
    List<MirroredTable> found = checkSides(mappings, areCopied, owned);
    if (areCopied && !found.isEmpty()) {
      int workers =
          config.options().copy().workersFor(found.stream().map(MirroredTable::table).toList());
      new ServerCapacity(source).checkConnections("source", workers, findings);
      new ServerCapacity(destination).checkConnections("destination", workers, findings);
    }
    if (!config.ownsPublication()) {
      new GivenPublication(config.publication(), source).check(found, findings);
    } else if (!found.isEmpty()) {
      checkPublication(found);
    }
  }

  /**
   * Checks the tables themselves, on either side.
   *
   * @return those that there are on the source
   */
  List<MirroredTable> checkSides(
      List<TableMapping> mappings, boolean areCopied, Set<TableName> owned) throws SQLException {
    List<MirroredTable> found = new ArrayList<>();
    for (TableMapping mapping : mappings) {
      Optional<Table> table = Catalog.table(source, mapping.source());
      if (table.isEmpty()) {
        findings.error(
            mapping.source(),
            "the source has no table " + mapping.source(),
            "check schema and spelling");
        continue;
      }
      MirroredTable mirrored = new MirroredTable(mapping, table.get());
      found.add(mirrored);
      int before = findings.errorCount();
      sourceTables.check(mirrored, areCopied);
      if (findings.errorCount() == before) {
        boolean mustBeEmpty = areCopied && !owned.contains(mapping.destination());
        destinationTables.check(mirrored, areCopied, mustBeEmpty);
      }
    }
    return found;
  }

  /** Changes of a partition come under one name, that of the topmost table that is published. */
  void checkHierarchies(List<TableMapping> all) throws SQLException {
    Partition.within(source, all.stream().map(TableMapping::source).toList())
        .forEach(
            (partition, root) ->
                findings.error(
                    partition,
                    "table "
                        + partition
                        + " is a partition of "
                        + root
                        + ", which is mirrored too, and its changes would come under that name",
                    "map one of them alone"));
  }

  private void checkPublication(List<MirroredTable> tables) throws SQLException {
    if (!findings.hasErrors()) {
      tryPublication(tables);
      return;
    }
    // The server would refuse it for what was found, and say nothing of rights.
    List<String> missing = missingRights(tables);
    if (!missing.isEmpty()) {
      findings.error(
          null,
          "role "
              + Sql.identifier(config.source().user())
              + " may not publish the tables, or make a publication",
          String.join("; ", missing));
    }
  }

  private List<String> missingRights(List<MirroredTable> tables) throws SQLException {
    boolean isMade = !Publication.exists(source, config.publication());
    return new PublicationRights(config.source(), source).missing(tables, isMade);
  }

  private void tryPublication(List<MirroredTable> tables) throws SQLException {
    Sql.execute(source, "SET lock_timeout = '10s'");
    try {
      findings.addAll(Publication.tryOut(source, config.publication(), tables));
      sql.onSource(Publication.createSql(config.publication(), tables));
    } catch (SQLException e) {
      List<String> missing =
          ErrorKinds.ofSqlState(e.getSQLState()) == ErrorKind.PRIVILEGE
              ? missingRights(tables)
              : List.of();
      findings.error(
          null,
          "the source does not accept the publication: " + e.getMessage() + detail(e),
          "grant what is missing (CREATE on the database, ownership of the tables), or mend the row"
              + " filter"
              + (missing.isEmpty() ? "" : ": " + String.join("; ", missing)));
    } finally {
      Sql.execute(source, "SET lock_timeout = 0");
    }
  }

  /** What the server adds to its message; about a publication it holds no rows. */
  private static String detail(SQLException e) {
    ServerErrorMessage message = e instanceof PSQLException p ? p.getServerErrorMessage() : null;
    return message == null || message.getDetail() == null ? "" : " (" + message.getDetail() + ")";
  }
}
