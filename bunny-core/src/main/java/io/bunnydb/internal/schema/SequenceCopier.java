package io.bunnydb.internal.schema;

import io.bunnydb.MirrorException;
import io.bunnydb.SequenceSync;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Brings the sequences of destination tables forward to where those of the source are, and makes
 * those that a serial column lacks. A sequence never goes back.
 */
public final class SequenceCopier {
  private final String mirror;
  private final Connection source;
  private final Connection destination;
  private final long margin;

  /**
   * A copier.
   *
   * @param destination a connection that is not in autocommit mode
   * @param margin how many steps beyond the source's last value
   */
  public SequenceCopier(String mirror, Connection source, Connection destination, long margin) {
    this.mirror = mirror;
    this.source = source;
    this.destination = destination;
    this.margin = margin;
  }

  /** Carries over the sequences of one table's mirrored columns; the caller commits. */
  public List<SequenceSync> copy(TableMapping mapping) throws SQLException {
    Optional<Table> from = Catalog.table(source, mapping.source());
    Optional<Table> to = Catalog.table(destination, mapping.destination());
    if (from.isEmpty() || to.isEmpty()) {
      throw failed(
          mapping,
          (from.isEmpty() ? "the source" : "the destination") + " has no such table",
          null);
    }
    List<SequenceSync> carried = new ArrayList<>();
    for (ColumnSequence sequence : ColumnSequence.of(source, from.get().oid())) {
      if (!mapping.excludedColumns().contains(sequence.column())
          && to.get().column(sequence.column()) != null) {
        carried.add(copy(mapping, sequence, to.get()));
      }
    }
    return carried;
  }

  private SequenceSync copy(TableMapping mapping, ColumnSequence from, Table table)
      throws SQLException {
    ColumnSequence to = find(from.column(), table);
    if (to == null) {
      create(mapping, from, table);
      to = find(from.column(), table);
    }
    if (to == null) {
      throw failed(mapping, "the sequence of column " + from.column() + " was not made", null);
    }
    ColumnSequence.Position wanted = wanted(mapping, from, to);
    ColumnSequence.Position present = to.position(destination);
    boolean isBehind =
        to.increment() > 0 ? present.last() < wanted.last() : present.last() > wanted.last();
    boolean isSameButFresh = present.last() == wanted.last() && !present.isCalled();
    if (isBehind || isSameButFresh) {
      Sql.queryText(
          destination,
          "SELECT pg_catalog.setval(CAST(? AS regclass), ?, ?)::text",
          to.sequence().toSql(),
          wanted.last(),
          wanted.isCalled());
    }
    return new SequenceSync(
        mapping.destination(),
        from.column(),
        to.sequence(),
        isBehind ? wanted.last() : present.last());
  }

  private @Nullable ColumnSequence find(String column, Table table) throws SQLException {
    for (ColumnSequence sequence : ColumnSequence.of(destination, table.oid())) {
      if (sequence.column().equals(column)) {
        return sequence;
      }
    }
    return null;
  }

  private ColumnSequence.Position wanted(
      TableMapping mapping, ColumnSequence from, ColumnSequence to) throws SQLException {
    ColumnSequence.Position at = from.position(source);
    long last;
    try {
      last = Math.addExact(at.last(), Math.multiplyExact(margin, from.increment()));
    } catch (ArithmeticException e) {
      throw failed(mapping, "the margin leads sequence " + from.sequence() + " beyond bigint", e);
    }
    if (last < to.minimum() || last > to.maximum()) {
      if (!to.isCycling()) {
        throw failed(
            mapping,
            "the next values of sequence "
                + to.sequence()
                + ", from "
                + last
                + " on, lie outside its bounds on the destination; widen them, or choose a smaller"
                + " margin",
            null);
      }
      last = at.last();
    }
    return new ColumnSequence.Position(last, at.isCalled() || margin > 0);
  }

  /** Makes the sequence of a serial column, as the source has it, and the column's default. */
  private void create(TableMapping mapping, ColumnSequence from, Table table) throws SQLException {
    TableName name = new TableName(mapping.destination().schema(), from.sequence().name());
    String column = mapping.destination().toSql() + "." + Sql.identifier(from.column());
    Sql.execute(
        destination,
        "CREATE SEQUENCE "
            + name.toSql()
            + " AS "
            + from.type()
            + " INCREMENT BY "
            + from.increment()
            + " MINVALUE "
            + from.minimum()
            + " MAXVALUE "
            + from.maximum()
            + " START WITH "
            + from.start()
            + " CACHE "
            + from.cache()
            + (from.isCycling() ? " CYCLE" : "")
            + " OWNED BY "
            + column);
    Sql.execute(
        destination,
        "ALTER TABLE "
            + table.toSql()
            + " ALTER COLUMN "
            + Sql.identifier(from.column())
            + " SET DEFAULT pg_catalog.nextval("
            + Sql.literal(name.toSql())
            + "::regclass)");
  }

  private MirrorException failed(TableMapping mapping, String what, @Nullable Throwable cause) {
    return new MirrorException(mirror, mapping.source(), null, what, cause);
  }
}
