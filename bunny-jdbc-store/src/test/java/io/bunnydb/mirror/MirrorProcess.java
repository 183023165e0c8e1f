package io.bunnydb.mirror;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.bunnydb.Mirror;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.Peer;
import io.bunnydb.ResyncStrategy;
import io.bunnydb.TableMapping;
import io.bunnydb.VerifyOptions;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The main class of a process that starts one mirror and obeys the commands at its standard input,
 * a line each, until that ends or it is killed.
 */
public final class MirrorProcess {
  /** Environment variables that hold the passwords. */
  static final String SOURCE_PASSWORD = "BUNNY_SOURCE_PASSWORD";

  static final String DESTINATION_PASSWORD = "BUNNY_DESTINATION_PASSWORD";

  /** Environment variable that is {@code true} where the process stands by. */
  static final String STANDBY = "BUNNY_STANDBY";

  /** What is printed just before and just after the mirror is started. */
  public static final String STARTING = "-- starting";

  static final String STARTED = "-- started";

  /** Begins the line that is printed when a command was obeyed; the mirror's state follows. */
  static final String OBEYED = "-- obeyed, now ";

  /** What the process can be told to do. */
  enum Order {
    /** Bring the mirror to the tables of the command line; resume it where it was paused. */
    GO_ON,
    PAUSE,
    RESUME,
    /** Add the first table of the command line that the mirror does not have, while it runs. */
    ADD_ONE,
    /** Copy all tables again, by swap. */
    SWAP,
    /** Empty all tables and copy them again. */
    COPY_AGAIN,
    /** Set one table after the other aside and take it back, until the process is killed. */
    TOGGLE_TABLES,
    /** Repair every table, and print what came of it. */
    REPAIR,
    /** Tell the state alone. */
    TELL
  }

  private static final VerifyOptions AT_ONCE = VerifyOptions.defaults().workShare(1);

  private MirrorProcess() {}

  /** Arguments: name, URL and user of the source, those of the destination, batch size, tables. */
  public static void main(String[] args) throws Exception {
    List<String> tables = Arrays.asList(args).subList(6, args.length);
    MirrorBuilder builder =
        Mirror.builder(args[0])
            .source(Peer.of("source", args[1], args[2], System.getenv(SOURCE_PASSWORD)))
            .destination(
                Peer.of("destination", args[3], args[4], System.getenv(DESTINATION_PASSWORD)))
            .checkpointStore(JdbcCheckpointStore.inDestination())
            .snapshotRowsPerPartition(5_000)
            .standby("true".equals(System.getenv(STANDBY)))
            .maxBatchBytes(Integer.parseInt(args[5]));
    tables.forEach(builder::table);
    System.out.println(STARTING);
    try (MirrorHandle handle = builder.build().start()) {
      System.out.println(STARTED);
      BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, UTF_8));
      for (String line = orders.readLine(); line != null; line = orders.readLine()) {
        switch (Order.valueOf(line)) {
          case GO_ON -> goOn(handle, tables);
          case PAUSE -> handle.pause();
          case RESUME -> handle.resume();
          case ADD_ONE -> addOne(handle, tables);
          case SWAP -> resync(handle, ResyncStrategy.SWAP);
          case COPY_AGAIN -> resync(handle, ResyncStrategy.TRUNCATE);
          case TOGGLE_TABLES -> toggle(handle, tables);
          case REPAIR -> handle.repair(AT_ONCE).tables().forEach(System.out::println);
          case TELL -> {}
        }
        System.out.println(OBEYED + handle.status().state());
      }
    }
  }

  private static void addOne(MirrorHandle handle, List<String> tables) {
    handle.awaitState(MirrorState.RUNNING, Operated.SOON);
    List<String> more = known(handle);
    tables.stream().filter(table -> !more.contains(table)).findFirst().ifPresent(more::add);
    handle.updateTables(mappings(more));
  }

  private static List<String> known(MirrorHandle handle) {
    return handle.status().tables().stream()
        .map(table -> table.source().toString())
        .collect(Collectors.toCollection(ArrayList::new));
  }

  private static TableMapping[] mappings(List<String> tables) {
    return tables.stream().map(TableMapping::from).toArray(TableMapping[]::new);
  }

  private static void resync(MirrorHandle handle, ResyncStrategy strategy) {
    handle.awaitState(MirrorState.RUNNING, Operated.SOON);
    handle.resync(strategy);
  }

  private static void toggle(MirrorHandle handle, List<String> tables) {
    handle.awaitState(MirrorState.RUNNING, Operated.SOON);
    for (int i = 0; ; i = (i + 1) % tables.size()) {
      handle.table(tables.get(i)).pause();
      handle.table(tables.get(i)).resume();
    }
  }

  /** Brings a started mirror to a list of tables, and resumes it where it was paused. */
  static void goOn(MirrorHandle handle, List<String> tables) {
    if (!known(handle).equals(tables)) {
      handle.pause();
      handle.updateTables(mappings(tables));
    }
    if (handle.status().state() == MirrorState.PAUSED) {
      handle.resume();
    }
  }
}
