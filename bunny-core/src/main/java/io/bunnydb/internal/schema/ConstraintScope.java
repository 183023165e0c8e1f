package io.bunnydb.internal.schema;

import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.schema.SourceConstraint.Reference;
import io.bunnydb.internal.source.MirroredTable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Says which of the source's check and foreign-key constraints the destination can have, and in
 * which words.
 *
 * @param tables the mirror's tables by their OID on the source
 * @param destinationMajor the destination's major version
 * @param doForeignKeysRest whether the mirror's role may have them rest while it writes
 * @param mayRepeat whether changes may come that were applied before
 * @param hasForeignKeys whether foreign keys are wanted
 */
public record ConstraintScope(
    Map<Long, MirroredTable> tables,
    int destinationMajor,
    boolean doForeignKeysRest,
    boolean mayRepeat,
    boolean hasForeignKeys) {
  private static final int FIRST_WITH_COLUMNS_TO_SET = 15;
  private static final int FIRST_WITH_UNENFORCED = 18;

  /**
   * What becomes of the constraints of one table.
   *
   * @param made those that the destination is to have
   * @param leftOut why it does without others, by their names
   */
  public record Selection(List<TableConstraint> made, Map<String, String> leftOut) {}

  /** What becomes of constraints of a table; of foreign keys that are not wanted, nothing. */
  public Selection select(List<SourceConstraint> constraints, MirroredTable table) {
    List<TableConstraint> made = new ArrayList<>();
    Map<String, String> leftOut = new LinkedHashMap<>();
    for (SourceConstraint constraint : constraints) {
      if (constraint.reference() != null && !hasForeignKeys) {
        continue;
      }
      String obstacle = obstacle(constraint, table);
      if (obstacle == null) {
        made.add(of(constraint, table));
      } else {
        leftOut.put(constraint.name(), obstacle);
      }
    }
    return new Selection(made, leftOut);
  }

  private @Nullable String obstacle(SourceConstraint constraint, MirroredTable table) {
    if (!constraint.isEnforced() && destinationMajor < FIRST_WITH_UNENFORCED) {
      return "it is not enforced, which PostgreSQL " + destinationMajor + " has no words for";
    }
    Set<String> created = TableCreator.createdColumnNames(table);
    String excluded = excluded(constraint.columns(), created);
    if (excluded != null) {
      return excluded;
    }
    Reference reference = constraint.reference();
    return reference == null
        ? checkObstacle(constraint, table, created)
        : referenceObstacle(reference);
  }

  private static @Nullable String excluded(List<String> columns, Set<String> created) {
    List<String> missing = new ArrayList<>(columns);
    missing.removeAll(created);
    return missing.isEmpty() ? null : "it uses what is excluded: " + String.join(", ", missing);
  }

  private @Nullable String checkObstacle(
      SourceConstraint constraint, MirroredTable table, Set<String> created) {
    if (!constraint.isValid() && constraint.isEnforced()) {
      return "it is not valid on the source, and a copy of its older rows would be refused";
    }
    if (constraint.unsure() != null && constraint.isEnforced()) {
      return "it uses "
          + constraint.unsure()
          + ", by which it might refuse what the source accepts";
    }
    if (mayRepeat && constraint.isEnforced()) {
      return "changes may come twice with a checkpoint outside of the destination, when rows need not"
          + " suit it for a time";
    }
    boolean isWhole = created.size() == table.table().columns().size();
    if (constraint.usesWholeRow()
        && !(isWhole && table.mapping().destination().equals(table.table().name()))) {
      return "it looks at whole rows, and the table has another name or other columns there";
    }
    return null;
  }

  private @Nullable String referenceObstacle(Reference reference) {
    MirroredTable referenced = tables.get(reference.oid());
    if (referenced == null) {
      return "it refers to " + reference.table() + ", which the mirror has not";
    }
    if (referenced.mapping().filter() != null) {
      return "it refers to " + reference.table() + ", of which the mirror has not every row";
    }
    String excluded = excluded(reference.columns(), TableCreator.createdColumnNames(referenced));
    if (excluded != null) {
      return excluded;
    }
    if (reference.isOverPeriod() && destinationMajor < FIRST_WITH_UNENFORCED) {
      return "it is over periods, which PostgreSQL " + destinationMajor + " has not";
    }
    if (!reference.nulled().isEmpty() && destinationMajor < FIRST_WITH_COLUMNS_TO_SET) {
      return "it names columns to set, for which PostgreSQL " + destinationMajor + " has no words";
    }
    if (!doForeignKeysRest) {
      return "the mirror's role may not have foreign keys rest while it writes"
          + " (session_replication_role)";
    }
    return null;
  }

  private TableConstraint of(SourceConstraint constraint, MirroredTable table) {
    TableName target = table.mapping().destination();
    Reference reference = constraint.reference();
    // Rows of partitions that the source has dropped stay, and need not suit a key any more.
    boolean isToValidate =
        constraint.isValid() && (reference == null || !table.table().isPartitioned());
    MirroredTable referenced = reference == null ? null : tables.get(reference.oid());
    return new TableConstraint(
        target,
        constraint.name(),
        words(constraint, referenced == null ? null : referenced.mapping().destination()),
        isToValidate,
        referenced == null ? null : referenced.mapping().destination());
  }

  /**
   * What follows a constraint's name in SQL, so that no row is read.
   *
   * @param referenced the table that a foreign key is to refer to; null for a check
   */
  static String words(SourceConstraint constraint, @Nullable TableName referenced) {
    Reference reference = constraint.reference();
    String definition =
        reference == null || referenced == null
            ? String.valueOf(constraint.check())
            : definition(constraint, reference, referenced);
    // The words of a check hold that it is not enforced.
    String lateness =
        constraint.isEnforced() ? " NOT VALID" : reference == null ? "" : " NOT ENFORCED";
    return definition + lateness;
  }

  private static String definition(
      SourceConstraint constraint, Reference reference, TableName referenced) {
    boolean isOverPeriod = reference.isOverPeriod();
    return "FOREIGN KEY ("
        + columns(constraint.columns(), isOverPeriod)
        + ") REFERENCES "
        + referenced.toSql()
        + " ("
        + columns(reference.columns(), isOverPeriod)
        + ")"
        + reference.actions()
        + (reference.nulled().isEmpty() ? "" : " (" + columns(reference.nulled(), false) + ")")
        + reference.timing();
  }

  private static String columns(List<String> names, boolean lastIsPeriod) {
    String all = Sql.identifiers(names);
    if (!lastIsPeriod) {
      return all;
    }
    String last = Sql.identifier(names.get(names.size() - 1));
    return all.substring(0, all.length() - last.length()) + "PERIOD " + last;
  }
}
