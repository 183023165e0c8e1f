package io.bunnydb.benchmarks.endtoend;

import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/** Makes a contender whose libraries this program has only if it was built with them. */
interface FurtherContender {

  /** Makes it; its slot holds what is written from now on. */
  Contender heldBack(Databases databases, List<String> tables) throws SQLException;

  /** The one that this program was built with. */
  static Optional<FurtherContender> find() {
    return ServiceLoader.load(FurtherContender.class).findFirst();
  }
}
