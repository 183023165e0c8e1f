package io.bunnydb.internal.engine;

import io.bunnydb.ApplyException;
import io.bunnydb.ErrorKind;
import io.bunnydb.Lsn;
import io.bunnydb.MirrorException;
import io.bunnydb.SchemaChange;
import io.bunnydb.SchemaChange.Outcome;
import io.bunnydb.SchemaPolicy;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.ErrorKinds;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.engine.SchemaAlteration.Patience;
import io.bunnydb.internal.schema.SchemaDiff;
import java.sql.SQLException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Alters destination tables where a row that does not suit them has ended a session, as far as the
 * policy lets it. Used by the mirror's thread.
 *
 * <p>What suits the rows from before the source's change as well as those after it is done at once.
 * Another name of a column suits those after it alone; so all transactions before that of the row
 * are applied first, one by one, until the same row ends the session again: an {@code ALTER TABLE}
 * waits for all who have written to the table, so what comes from then on has the new name.
 */
final class SchemaCure {
  private static final String LOCK_NOT_AVAILABLE = "55P03";

  // As a relation that does not suit its table is told of.
  private static final Pattern MISSING_COLUMN =
      Pattern.compile("the destination table has no column (.+); add it, then resume; ");

  private final MirrorContext context;
  private final Checkpoints checkpoints;
  private final SchemaPolicy policy;
  private Lsn singlyUntil = Lsn.ZERO;

  SchemaCure(MirrorContext context, Checkpoints checkpoints) {
    this.context = context;
    this.checkpoints = checkpoints;
    this.policy = context.config().options().schema().policy();
  }

  /** Up to this position transactions are to be applied one by one. */
  Lsn singlyUntil() {
    return singlyUntil;
  }

  /**
   * Does what can be done about an error.
   *
   * @return whether the next session can get further than the one that met it
   * @throws MirrorException if a side cannot be asked, or a table not be altered just now
   */
  boolean cure(MirrorException error, StopSignal stop) throws SQLException {
    if (policy == SchemaPolicy.STOP || !isOfSchema(error)) {
      return false;
    }
    SchemaPlan plan = SchemaPlan.read(context, stop);
    if (!plan.unpublished().isEmpty()) {
      return false;
    }
    List<SchemaChange> due =
        plan.of(Outcome.DUE).stream()
            .filter(change -> policy == SchemaPolicy.FOLLOW || SchemaDiff.isAddition(change))
            .toList();
    return make(due, stop) || (policy == SchemaPolicy.FOLLOW && rename(plan, error, stop));
  }

  private static boolean isOfSchema(MirrorException error) {
    if (!(error instanceof ApplyException) || error.table() == null) {
      return false;
    }
    ErrorKind kind = ErrorKinds.of(error);
    return kind == ErrorKind.SCHEMA || kind == ErrorKind.DATA || kind == ErrorKind.CONSTRAINT;
  }

  private boolean rename(SchemaPlan plan, MirrorException error, StopSignal stop)
      throws SQLException {
    Lsn lsn = error.lsn();
    TableName table = error.table();
    Matcher missing = MISSING_COLUMN.matcher(String.valueOf(error.getMessage()));
    if (lsn == null || table == null || error.getCause() != null || !missing.find()) {
      return false;
    }
    String column = missing.group(1);
    List<SchemaChange> renames =
        plan.of(Outcome.WAITS).stream()
            .filter(c -> SchemaDiff.isRename(c, column) && isOf(c.table(), table))
            .toList();
    if (renames.isEmpty()) {
      return false;
    }
    if (!lsn.equals(singlyUntil)) {
      singlyUntil = lsn;
      return true;
    }
    return make(renames, stop);
  }

  private boolean isOf(TableName destination, TableName source) {
    return context.tables().mappings().stream()
        .anyMatch(m -> m.destination().equals(destination) && m.source().equals(source));
  }

  private boolean make(List<SchemaChange> changes, StopSignal stop) throws SQLException {
    SchemaAlteration alteration = SchemaAlteration.now(changes, Patience.OF_THE_MIRROR);
    if (alteration.isEmpty()) {
      return false;
    }
    alteration.run(context, checkpoints, stop);
    SchemaChange left = null;
    boolean isMade = false;
    for (SchemaChange change : changes) {
      SchemaChange outcome = alteration.outcome(change);
      if (outcome.outcome() == Outcome.APPLIED) {
        isMade = true;
        context.note("the source's schema is followed by " + change.sql());
      } else if (outcome.outcome() != Outcome.BY_HAND) {
        left = outcome;
      }
    }
    if (!isMade && left != null) {
      throw new MirrorException(
          context.config().name(),
          left.table(),
          null,
          "a change of the source's schema could not be followed yet: " + left,
          new SQLException(left.reason(), LOCK_NOT_AVAILABLE));
    }
    return isMade;
  }
}
