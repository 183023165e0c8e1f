package io.bunnydb.benchmarks.endtoend;

import java.sql.SQLException;
import java.util.List;
import java.util.Locale;

/** Something that follows the source, held back until it is let go. Not thread-safe. */
interface Contender extends AutoCloseable {

  /** The replication slot on the source. */
  String slot();

  /** Lets it work off what has gathered in its slot, up to the marker and beyond. */
  void release(Marker marker) throws SQLException;

  /** The process ids of the destination's backends that work for it. */
  List<String> destinationPids() throws SQLException;

  /**
   * Whether everything up to the marker has arrived.
   *
   * @throws IllegalStateException if it never will
   */
  boolean holdsMarker() throws SQLException;

  /** Ends the work and deletes what was made for it on both servers. */
  @Override
  void close() throws SQLException;

  /** The contenders by name, in the order of the results; PostgreSQL's own is the measure. */
  enum Name {
    /** PostgreSQL's own subscription. */
    NATIVE,
    /** A mirror of Bunny. */
    BUNNY,
    /** Bunny's own stream, read and thrown away: the limit of what a mirror can reach. */
    RECEIVE,
    /** Debezium's embedded engine, whose consumer throws the events away; not always there. */
    DEBEZIUM;

    /** Whether this program has it: Debezium comes by a profile of the build. */
    boolean isPresent() {
      return this != DEBEZIUM || FurtherContender.find().isPresent();
    }

    /** Whether it writes into the destination. */
    boolean writes() {
      return this == NATIVE || this == BUNNY;
    }

    /** The name in the results. */
    String label() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** Makes the contender, ready and held back. Both sides hold the same rows. */
    Contender prepare(Databases databases, List<String> tables) throws SQLException {
      return switch (this) {
        case NATIVE -> NativeSubscription.heldBack(databases, tables);
        case BUNNY -> BunnyMirror.heldBack(databases, tables);
        case RECEIVE -> StreamReader.heldBack(databases, tables);
        case DEBEZIUM -> FurtherContender.find().orElseThrow().heldBack(databases, tables);
      };
    }
  }
}
