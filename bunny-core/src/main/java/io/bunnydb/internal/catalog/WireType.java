package io.bunnydb.internal.catalog;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A built-in type whose binary form means the same on every server, as the values of a column have
 * it: those of an enum are its labels' text, those of a domain have the form of its base type.
 *
 * <p>Not among them are types whose binary form holds OIDs of one server (reg* types, rows, arrays
 * of user-defined types), depends on its locale (money), or has no binary form. Arrays are left out
 * since an array of arrays is one of more dimensions.
 *
 * @param oid the type's OID ("pg_type.dat" in PostgreSQL's source)
 * @param name the type's name
 * @param arrayOid OID of the type of its arrays, whose name is that of the type behind an
 *     underscore
 * @param isText whether the binary form is the text form, in the client's encoding
 * @param since the major version since which the form means what it does; 0 for all that there are
 */
public record WireType(int oid, String name, int arrayOid, boolean isText, int since) {
  /** Text. */
  public static final WireType TEXT = text(25, "text", 1009);

  /** Bytes. */
  public static final WireType BYTEA = binary(17, "bytea", 1001);

  private static final int INTERVAL = 1186;
  private static final int INTERVAL_ARRAY = 1187;
  private static final Map<Long, WireType> BUILT_IN = builtIn();

  // Enums and domains that lead to a built-in type or an enum.
  private static final String USER_TYPES =
      """
      WITH RECURSIVE base (oid, base_oid, typtype, typbasetype) AS (
        SELECT oid, oid, typtype, typbasetype FROM pg_catalog.pg_type WHERE typtype IN ('e', 'd')
        UNION ALL
        SELECT base.oid, t.oid, t.typtype, t.typbasetype
        FROM base JOIN pg_catalog.pg_type t ON t.oid = base.typbasetype AND base.typtype = 'd')
      SELECT oid::bigint, base_oid::bigint, typtype = 'e' FROM base WHERE typtype <> 'd'
      """;

  /** Which of a server's types have such values. Immutable. */
  public static final class Directory {
    private final Map<Long, WireType> types;

    private Directory(Map<Long, WireType> types) {
      this.types = types;
    }

    /** The form of a type's values; null if it is none of these. */
    public @Nullable WireType of(long typeOid) {
      return types.get(typeOid);
    }
  }

  /** Reads which types a server has. */
  public static Directory directory(Connection connection) throws SQLException {
    Map<Long, WireType> types = new HashMap<>(BUILT_IN);
    types.put((long) INTERVAL, interval(connection.getMetaData().getDatabaseMajorVersion()));
    Sql.query(
        connection,
        USER_TYPES,
        row -> {
          WireType type = row.getBoolean(3) ? TEXT : types.get(row.getLong(2));
          return type != null && types.put(row.getLong(1), type) == null;
        });
    return new Directory(types);
  }

  /** The type's name for the driver, which looks a name without a schema up in all of them. */
  public String driverName() {
    return "pg_catalog." + name;
  }

  /** The name of the type of its arrays, for the driver. */
  public String driverArrayName() {
    return "pg_catalog._" + name;
  }

  /** How SQL writes the type of its arrays. */
  public String arraySql() {
    return "pg_catalog." + Sql.identifier(name) + "[]";
  }

  /** Whether values are whole numbers of two, four or eight bytes, signed and big-endian. */
  public boolean isWholeNumber() {
    return switch (oid) {
      case 20, 21, 23, 1082, 1083, 1114, 1184 -> true;
      default -> false;
    };
  }

  private static WireType binary(int oid, String name, int arrayOid) {
    return new WireType(oid, name, arrayOid, false, 0);
  }

  private static WireType text(int oid, String name, int arrayOid) {
    return new WireType(oid, name, arrayOid, true, 0);
  }

  /**
   * Which of an interval's fields are taken for infinity, or refused, has changed with the versions
   * ({@code interval_recv} in PostgreSQL's source, timestamp.c).
   */
  private static WireType interval(int major) {
    return new WireType(INTERVAL, "interval", INTERVAL_ARRAY, false, intervalSince(major));
  }

  private static int intervalSince(int major) {
    return major >= 17 ? 17 : major >= 15 ? 15 : 14;
  }

  /** Whether intervals have the same binary form on servers of two major versions. */
  public static boolean areIntervalsAlike(int major, int other) {
    return intervalSince(major) == intervalSince(other);
  }

  /** Whether a type is that of intervals, or of arrays of them. */
  public static boolean isInterval(long typeOid) {
    return typeOid == INTERVAL || typeOid == INTERVAL_ARRAY;
  }

  private static Map<Long, WireType> builtIn() {
    Map<Long, WireType> types = new HashMap<>();
    for (WireType type :
        List.of(
            TEXT,
            BYTEA,
            binary(16, "bool", 1000),
            binary(18, "char", 1002),
            text(19, "name", 1003),
            binary(20, "int8", 1016),
            binary(21, "int2", 1005),
            binary(23, "int4", 1007),
            binary(26, "oid", 1028),
            text(114, "json", 199),
            binary(600, "point", 1017),
            binary(601, "lseg", 1018),
            binary(602, "path", 1019),
            binary(603, "box", 1020),
            binary(604, "polygon", 1027),
            binary(628, "line", 629),
            binary(650, "cidr", 651),
            binary(700, "float4", 1021),
            binary(701, "float8", 1022),
            binary(718, "circle", 719),
            binary(774, "macaddr8", 775),
            binary(829, "macaddr", 1040),
            binary(869, "inet", 1041),
            text(1042, "bpchar", 1014),
            binary(1082, "date", 1182),
            binary(1083, "time", 1183),
            binary(1114, "timestamp", 1115),
            binary(1184, "timestamptz", 1185),
            binary(1266, "timetz", 1270),
            binary(1560, "bit", 1561),
            binary(1562, "varbit", 1563),
            binary(1700, "numeric", 1231),
            binary(2950, "uuid", 2951),
            binary(3220, "pg_lsn", 3221),
            binary(3614, "tsvector", 3643),
            binary(3802, "jsonb", 3807),
            binary(3904, "int4range", 3905),
            binary(3906, "numrange", 3907),
            binary(3908, "tsrange", 3909),
            binary(3910, "tstzrange", 3911),
            binary(3912, "daterange", 3913),
            binary(3926, "int8range", 3927))) {
      types.put((long) type.oid(), type);
    }
    types.put(1043L, TEXT); // varchar
    return types;
  }
}
