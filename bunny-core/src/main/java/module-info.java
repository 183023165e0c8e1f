import org.jspecify.annotations.NullMarked;

/** Mirrors PostgreSQL tables into another PostgreSQL, from inside a Java application. */
@NullMarked
module io.bunnydb {
  requires transitive java.sql;
  requires static transitive org.jspecify;
  requires static org.checkerframework.checker.qual;
  requires org.postgresql.jdbc;
  requires org.slf4j;
  requires jdk.jfr;

  opens io.bunnydb.internal.source to
      org.postgresql.jdbc;

  exports io.bunnydb;
  exports io.bunnydb.pgoutput;
  exports io.bunnydb.spi;
}
