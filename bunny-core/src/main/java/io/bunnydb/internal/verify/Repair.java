package io.bunnydb.internal.verify;

import io.bunnydb.RowDifference.Kind;
import io.bunnydb.internal.apply.Ownership;
import io.bunnydb.internal.catalog.ErrorKinds;
import io.bunnydb.internal.catalog.ServerMessage;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.verify.Settlement.Proven;
import io.bunnydb.internal.verify.Side.Look;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Gives rows of the destination that differ for certain the source's values, beside the stream.
 * Used by one thread.
 *
 * <p>Each hundred rows are one destination transaction, which holds the table against writers, so
 * that the stream's changes of it wait. Under that lock both sides are looked at once more. A row
 * is written if it is there, or not, in the versions of which it was proven: the source's version
 * was applied, or lost, before the lock, and nothing that was applied since concerns the row. So it
 * is given the values that it has at the destination's position, and the changes after that
 * position follow by the stream. A row that has changed on either side meanwhile is left as it is.
 * While the lock is held, no side is waited for without limit.
 */
final class Repair {
  private static final int ROWS_PER_TRANSACTION = 100;
  private static final int ATTEMPTS = 3;
  private static final Duration BARRIER = Duration.ofMillis(200);
  private static final int SILENCE_MILLIS = 10_000;
  private static final String LIMITS =
      "SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = '5s'";
  private static final String CANCELLED = "57014";
  private static final String IN_USE =
      "the table was in use, on the destination or on the source; call again when no long"
          + " transaction holds it";

  private final ComparedTable table;
  private final Side source;
  private final Side written;
  private final Settlement settlement;
  private final Standing standing;
  private final Pace pace;
  private final Owner owner;
  private @Nullable String hindrance;

  /**
   * Who owns the mirror.
   *
   * @param mirror the mirror
   * @param pid process id of the destination session that owns it
   * @param areTriggersSilent whether triggers and foreign keys rest in the writing session
   */
  record Owner(String mirror, int pid, boolean areTriggersSilent) {}

  /**
   * A repair.
   *
   * @param written the destination, by a connection that may write and is not in autocommit mode
   */
  Repair(
      ComparedTable table,
      Side source,
      Side written,
      Settlement settlement,
      Standing standing,
      Pace pace,
      Owner owner) {
    this.table = table;
    this.source = source;
    this.written = written;
    this.settlement = settlement;
    this.standing = standing;
    this.pace = pace;
    this.owner = owner;
  }

  /** What stands against further repairs; null for nothing. */
  @Nullable String hindrance() {
    return hindrance;
  }

  /**
   * Repairs rows.
   *
   * @return the keys of those that were
   */
  Set<Key> run(List<Proven> rows) throws SQLException, InterruptedException {
    Set<Key> done = new HashSet<>();
    // Those to delete first, which may have a unique value that another one is to have.
    List<Proven> all = new ArrayList<>(rows);
    all.sort(Comparator.comparing(row -> row.kind() != Kind.ADDITIONAL));
    for (int from = 0; from < all.size() && hindrance == null; from += ROWS_PER_TRANSACTION) {
      write(all.subList(from, Math.min(all.size(), from + ROWS_PER_TRANSACTION)), done);
    }
    return done;
  }

  private void write(List<Proven> rows, Set<Key> done) throws SQLException, InterruptedException {
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      hindrance = null;
      if (!standing.write(() -> hindrance = tryToWrite(rows, done))) {
        hindrance = "the mirror does not run; resume it and call again";
      }
      if (!IN_USE.equals(hindrance)) {
        return;
      }
    }
  }

  /** Writes and commits; gives what stood against it, if anything. */
  private @Nullable String tryToWrite(List<Proven> rows, Set<Key> done)
      throws SQLException, InterruptedException {
    Connection connection = written.connection();
    int sourceSilence = limitSilence(source.connection(), SILENCE_MILLIS);
    int silence = limitSilence(connection, SILENCE_MILLIS);
    try {
      Set<Key> keys = writeLocked(connection, rows);
      connection.commit();
      done.addAll(keys);
      return null;
    } catch (SQLException e) {
      try {
        connection.rollback();
      } catch (SQLException suppressed) {
        e.addSuppressed(suppressed);
      }
      if (CANCELLED.equals(e.getSQLState())) {
        pace.check();
        return IN_USE;
      }
      return switch (ErrorKinds.ofSqlState(e.getSQLState())) {
        case CONTENTION -> IN_USE;
        case CONSTRAINT ->
            "the destination refused a row: "
                + ServerMessage.of(e)
                + " [SQLSTATE "
                + e.getSQLState()
                + "]; resync the table";
        case CONNECTION,
            SERVER_BUSY,
            RESOURCES,
            OWNED,
            AUTHENTICATION,
            PRIVILEGE,
            SCHEMA,
            DATA,
            SLOT_LOST,
            REFUSED,
            INTERNAL ->
            throw e;
      };
    } finally {
      source.endReading();
      limitSilence(source.connection(), sourceSilence);
      limitSilence(connection, silence);
    }
  }

  /** Limits how long an answer is waited for, 0 is no limit; gives the limit of before. */
  private static int limitSilence(Connection side, int millis) throws SQLException {
    if (side.isClosed()) {
      return 0;
    }
    int before = side.getNetworkTimeout();
    side.setNetworkTimeout(Runnable::run, millis);
    return before;
  }

  private Set<Key> writeLocked(Connection connection, List<Proven> rows)
      throws SQLException, InterruptedException {
    Sql.execute(connection, LIMITS);
    if (!owner.areTriggersSilent()) {
      Sql.execute(connection, "SET CONSTRAINTS ALL DEFERRED");
    }
    Ownership.joinAsHelper(connection, owner.mirror(), owner.pid());
    Sql.execute(
        connection, "LOCK TABLE " + table.target().toSql() + " IN SHARE ROW EXCLUSIVE MODE");
    Set<Key> done = new HashSet<>();
    if (standing.follows(table.mapping()) == Standing.NOT_FOLLOWING) {
      return done;
    }
    standing.refuseOtherSource(source.connection());
    List<Key> keys = rows.stream().map(Proven::key).toList();
    Look there = written.look(keys);
    boolean isClear = settlement.awaitWriters(BARRIER);
    source.beginReading();
    Sql.execute(source.connection(), LIMITS);
    Look here = source.look(keys);
    Map<Key, Kind> taken = new HashMap<>();
    try (RowWriter writer = new RowWriter(connection, table)) {
      for (Proven row : rows) {
        Key key = row.key();
        boolean isAsProven =
            Objects.equals(row.version(), there.version(key))
                && Objects.equals(row.sourceVersion(), here.version(key))
                && (isClear || here.isUntouched(key));
        if (isAsProven && row.kind() == Kind.ADDITIONAL) {
          writer.delete(key);
          done.add(key);
        } else if (isAsProven) {
          taken.put(key, row.kind());
        }
      }
      done.addAll(bring(taken, writer));
    }
    standing.refuseOtherSource(source.connection());
    Look after = written.look(keys);
    done.removeIf(key -> !Objects.equals(here.content(key), after.content(key)));
    return done;
  }

  /** Reads rows of the source one by one, whatever their size, and writes each. */
  private Set<Key> bring(Map<Key, Kind> taken, RowWriter writer) throws SQLException {
    Set<Key> brought = new HashSet<>();
    if (taken.isEmpty()) {
      return brought;
    }
    List<Key> keys = List.copyOf(taken.keySet());
    RowsSql sql = table.sourceSql();
    try (PreparedStatement statement = source.connection().prepareStatement(sql.values())) {
      statement.setFetchSize(1);
      Object[] parameters = Key.columns(keys, sql.width());
      for (int i = 0; i < parameters.length; i++) {
        statement.setArray(
            i + 1, source.connection().createArrayOf("text", (Object[]) parameters[i]));
      }
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          Key key = keys.get((int) row.getLong(1) - 1);
          List<@Nullable String> values = new ArrayList<>();
          for (int i = 0; i < table.columns().size(); i++) {
            values.add(row.getString(i + 2));
          }
          if (taken.get(key) == Kind.MISSING) {
            writer.insert(values);
          } else {
            writer.update(key, values);
          }
          brought.add(key);
        }
      }
    }
    return brought;
  }
}
