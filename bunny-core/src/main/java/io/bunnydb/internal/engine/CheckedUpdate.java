package io.bunnydb.internal.engine;

import io.bunnydb.TableMapping;
import io.bunnydb.internal.apply.WriterSettings;
import io.bunnydb.spi.Checkpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Another list of tables that was checked beside the mirror's work, on the caller's thread: a list
 * that is refused interrupts nothing, and one that is not does so for no longer than it takes to
 * note it.
 *
 * @param update the step that was checked
 * @param findings what was found, no errors
 */
record CheckedUpdate(TableUpdate update, Findings findings) {
  private static final String ROLE = "check";

  /**
   * Checks a list of tables, on connections of its own.
   *
   * @return null where the store does not know the mirror, which is for its own thread to tell
   * @throws io.bunnydb.PreflightException if an added table cannot be mirrored
   * @throws io.bunnydb.MirrorException if a side cannot be reached or asked
   */
  static @Nullable CheckedUpdate check(MirrorContext context, List<TableMapping> tables) {
    MirrorConfig config = context.config();
    try (Connection source = context.source().open(ROLE);
        Connection destination = context.destinationPeer().open(ROLE)) {
      WriterSettings.prepare(destination);
      @Nullable Checkpoint known = config.store().load(config.name(), destination).orElse(null);
      if (known == null) {
        return null;
      }
      TableUpdate update = TableUpdate.of(known, tables);
      Findings findings = update.check(config, source, destination);
      findings.refuse(config.name());
      return new CheckedUpdate(update, findings);
    } catch (SQLException e) {
      throw Faults.describe(config.name(), e);
    }
  }

  /** Whether what was checked is what another step does. */
  boolean covers(TableUpdate other) {
    return update.added().equals(other.added()) && update.owned().equals(other.owned());
  }
}
