import org.jspecify.annotations.NullMarked;

/** Keeps the checkpoints of mirrors in PostgreSQL tables. */
@NullMarked
module io.bunnydb.jdbc {
  requires transitive io.bunnydb;
  requires transitive java.sql;
  requires static transitive org.jspecify;

  exports io.bunnydb.jdbc;
}
