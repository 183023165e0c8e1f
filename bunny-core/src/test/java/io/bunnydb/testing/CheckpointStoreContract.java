package io.bunnydb.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.bunnydb.ExistingRowPolicy;
import io.bunnydb.Lsn;
import io.bunnydb.MirrorOwnedException;
import io.bunnydb.MissingRowPolicy;
import io.bunnydb.TableMapping;
import io.bunnydb.TableState;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.spi.SourceIdentity;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link CheckpointStore} has to do: extend it, give it your store, and run it.
 *
 * <p>It hands the store connections in the state in which Bunny does: with an empty {@code
 * search_path} and with {@code session_replication_role = replica}.
 */
public abstract class CheckpointStoreContract extends CheckpointStoreFixture {

  private CheckpointStore store = CheckpointStore.inMemory();

  /** A new store; one that is durable sees what those before it have saved in the same test. */
  protected abstract CheckpointStore store();

  /** Whether what one store has saved is seen by the next. */
  protected boolean isDurable() {
    return true;
  }

  @BeforeEach
  final void makeStore() {
    store = store();
  }

  /** Saves and commits. */
  protected final void save(Checkpoint checkpoint) throws SQLException {
    commit(connection -> store.save(checkpoint, connection));
  }

  /** Reads with a connection of its own. */
  protected final Optional<Checkpoint> load(String mirror) throws SQLException {
    try (Connection connection = session()) {
      return store.load(mirror, connection);
    }
  }

  @Test
  void anUnknownMirrorHasNoCheckpointAndLoadingCreatesNothing() throws SQLException {
    List<String> before = relations();
    try (Connection transaction = transaction()) {
      assertThat(store.load("a", transaction)).isEmpty();
      assertThat(transaction.getAutoCommit()).isFalse();
      transaction.commit();
    }
    try (Connection connection = session()) {
      assertThat(store.load("a", connection)).isEmpty();
      assertThat(connection.getAutoCommit()).isTrue();
    }
    assertThat(relations()).isEqualTo(before);
  }

  @Test
  void itsStatementsMakeAllThatASaveNeedsInTheDestination() throws SQLException {
    List<String> before = relations();
    try (Connection connection = session()) {
      List<String> statements = store.statements(connection);
      assertThat(relations()).isEqualTo(before);
      statements.forEach(databases.destination()::execute);
      assertThat(store.statements(connection)).isEmpty();
    }
    List<String> made = relations();
    save(checkpoint("a"));
    assertThat(relations()).isEqualTo(made);
    assertThat(load("a")).contains(checkpoint("a"));
  }

  @Test
  void keepsEveryField() throws SQLException {
    Checkpoint checkpoint =
        new Checkpoint(
            "Spiegel \"1\"; é'\\",
            new SourceIdentity("18446744073709551615", 7, "App \"x\""),
            "slot_1",
            "Pub'1",
            Lsn.parse("FFFFFFFF/FFFFFFFE"),
            true,
            "line 1\nline 2 'quoted' \\ {\u2713}",
            Instant.parse("2026-02-28T23:59:59.123456Z"),
            List.of(
                new TableCheckpoint(
                    TableMapping.from("\"My Schema\".\"T.x\"\"y\"")
                        .to("\"{a,b}\".\"\uD83D\uDC30 'x' \\\"")
                        .partitionKey("User Id")
                        .excludeColumns("z", "a,b", "NULL", "{\"q\"}", "", "back\\slash", "é")
                        .where("note <> 'it''s; \\' AND id > 10")
                        .onExistingRow(ExistingRowPolicy.OVERWRITE)
                        .onMissingRow(MissingRowPolicy.STOP),
                    TableState.COPIED,
                    Lsn.parse("80000000/0"),
                    0xFFFF_FFFEL,
                    0xFFFF_FFFFL,
                    "line 1\nline 2 'quoted' \\ {\u2713}",
                    new TableCheckpoint.Shadow(TableState.COPIED, Lsn.parse("80000002/0")),
                    "line 1\nline 2 'quoted' \\ {\u2713}"),
                live("public.b").withSource(16384, 16385),
                new TableCheckpoint(TableMapping.from("public.a"), TableState.COPYING, Lsn.ZERO)));
    save(checkpoint);
    assertThat(load(checkpoint.mirror())).contains(checkpoint);
    assertThat(load(checkpoint.mirror()).orElseThrow().tables().get(0).mapping().excludedColumns())
        .containsExactly("z", "a,b", "NULL", "{\"q\"}", "", "back\\slash", "é");
    try (Connection transaction = transaction()) {
      assertThat(store.load(checkpoint.mirror(), transaction)).contains(checkpoint);
    }
  }

  @Test
  void keepsAMirrorWithoutErrorPositionAndTables() throws SQLException {
    Checkpoint checkpoint = checkpoint("a").withPosition(Lsn.ZERO);
    save(checkpoint);
    assertThat(load("a")).contains(checkpoint);
  }

  @Test
  void keepsTheOrderOfTables() throws SQLException {
    Checkpoint checkpoint =
        checkpoint("a", live("s.c"), live("r.c"), live("s.a"), live("s.b"), live("s.\"A\""));
    save(checkpoint);
    assertThat(load("a")).contains(checkpoint);
  }

  @Test
  void savesInThePlaceOfTheOldCheckpoint() throws SQLException {
    save(checkpoint("a", live("s.a"), live("s.b"), live("s.c")).withPaused(true, "disk full"));
    Checkpoint second =
        new Checkpoint(
            "a",
            new SourceIdentity("2", 2, "other"),
            "other_slot",
            "other_publication",
            Lsn.parse("1/0"),
            false,
            null,
            List.of(
                live("s.d"),
                new TableCheckpoint(
                    TableMapping.from("s.c").to("t.c"), TableState.COPYING, Lsn.ZERO),
                live("s.a")));
    save(second);
    assertThat(load("a")).contains(second);
    save(second.withTables(List.of()));
    assertThat(load("a")).contains(second.withTables(List.of()));
  }

  @Test
  void advanceMovesThePositionAlone() throws SQLException {
    Checkpoint checkpoint = checkpoint("a", live("s.a")).withPaused(true, "why");
    save(checkpoint);
    Lsn position = Lsn.parse("9ABCDEF0/12345678");
    commit(connection -> store.advance("a", position, connection));
    assertThat(load("a")).contains(checkpoint.withPosition(position));
  }

  @Test
  void commitMovesThePositionAndCommits() throws SQLException {
    Checkpoint checkpoint = checkpoint("a", live("s.a"));
    save(checkpoint);
    Lsn position = Lsn.parse("9ABCDEF0/12345678");
    for (int i = 0; i < 10; i++) { // the driver prepares what is repeated
      position = new Lsn(position.value() + 1);
      try (Connection connection = transaction()) {
        store.commit("a", position, connection);
        connection.rollback();
      }
      assertThat(load("a")).contains(checkpoint.withPosition(position));
    }
  }

  @Test
  void saveTableWritesThatTableAlone() throws SQLException {
    Checkpoint checkpoint = checkpoint("a", live("s.a"), live("s.b"), live("t.b"));
    save(checkpoint);
    TableCheckpoint changed =
        new TableCheckpoint(
            TableMapping.from("s.b").to("z.z").excludeColumns("x").where("true").partitionKey("k"),
            TableState.LIVE,
            Lsn.parse("FFFFFFFF/1"),
            0x8000_0000L,
            0x8000_0001L,
            "refused",
            new TableCheckpoint.Shadow(TableState.COPYING, Lsn.ZERO),
            "0-7");
    commit(connection -> store.saveTable("a", changed, connection));
    assertThat(load("a"))
        .contains(checkpoint.withTables(List.of(live("s.a"), changed, live("t.b"))));
  }

  @Test
  void saveTableAndAdvanceDoNotWaitForEachOther() throws SQLException {
    Checkpoint checkpoint = checkpoint("a", live("s.a"), live("s.b"));
    save(checkpoint);
    TableCheckpoint a = live("s.a", "7/7");
    TableCheckpoint b = live("s.b", "8/8");
    try (Connection copying = transaction();
        Connection alsoCopying = transaction();
        Connection applying = transaction()) {
      store.saveTable("a", b, copying);
      store.advance("a", Lsn.parse("5/5"), applying);
      store.saveTable("a", a, alsoCopying);
      applying.commit();
      store.advance("a", Lsn.parse("6/6"), applying);
      alsoCopying.commit();
      copying.commit();
      applying.commit();
    }
    assertThat(load("a"))
        .contains(checkpoint.withPosition(Lsn.parse("6/6")).withTables(List.of(a, b)));
  }

  @Test
  void refusesToAdvanceOrSaveATableOfWhatWasNeverSaved() throws SQLException {
    assertRefused(connection -> store.advance("a", Lsn.parse("5/5"), connection));
    assertRefused(connection -> store.commit("a", Lsn.parse("5/5"), connection));
    assertRefused(connection -> store.saveTable("a", live("s.a"), connection));
    Checkpoint other = checkpoint("b", live("s.a"));
    save(other);
    assertRefused(connection -> store.advance("a", Lsn.parse("5/5"), connection));
    assertRefused(connection -> store.saveTable("a", live("s.a", "5/5"), connection));
    assertRefused(connection -> store.saveTable("b", live("s.b", "5/5"), connection));
    assertRefused(connection -> store.saveTable("b", live("t.a", "5/5"), connection));
    assertThat(load("a")).isEmpty();
    assertThat(load("b")).contains(other);
  }

  @Test
  void keepsTwoMirrorsApart() throws SQLException {
    Checkpoint a = checkpoint("a", live("s.x"), live("s.y"));
    Checkpoint b = checkpoint("b", live("s.x"));
    save(a);
    save(b);
    commit(connection -> store.advance("a", Lsn.parse("5/5"), connection));
    commit(connection -> store.saveTable("b", live("s.x", "6/6"), connection));
    save(b.withTables(List.of(live("s.x", "7/7"), live("s.y"))));
    assertThat(load("a")).contains(a.withPosition(Lsn.parse("5/5")));
    commit(connection -> store.delete("a", connection));
    assertThat(load("a")).isEmpty();
    assertThat(load("b")).contains(b.withTables(List.of(live("s.x", "7/7"), live("s.y"))));
  }

  @Test
  void tellsTheNamesOfItsMirrorsInOrder() throws SQLException {
    List<String> before = relations();
    assertThat(mirrors()).isEmpty();
    assertThat(relations()).isEqualTo(before);
    save(checkpoint("b", live("s.a"), live("s.b")));
    save(checkpoint("\u00C4 'x'"));
    save(checkpoint("B"));
    save(checkpoint("a").withPaused(true, "why"));
    assertThat(mirrors()).containsExactly("B", "a", "b", "\u00C4 'x'");
    try (Connection transaction = transaction()) {
      assertThat(store.mirrors(transaction)).hasSize(4);
      transaction.commit();
    }
    commit(connection -> store.delete("b", connection));
    assertThat(mirrors()).containsExactly("B", "a", "\u00C4 'x'");
  }

  private List<String> mirrors() throws SQLException {
    try (Connection connection = session()) {
      return store.mirrors(connection);
    }
  }

  @Test
  void deleteForgetsAMirrorAndWhatTheStoreMade() throws SQLException {
    List<String> before = relations();
    commit(connection -> store.delete("a", connection));
    assertThat(relations()).isEqualTo(before);
    save(checkpoint("a", live("s.a"), live("s.b")));
    commit(connection -> store.delete("unknown", connection));
    assertThat(load("a")).isPresent();
    commit(connection -> store.delete("a", connection));
    assertThat(load("a")).isEmpty();
    assertThat(relations()).isEqualTo(before);
    save(checkpoint("a"));
    assertThat(load("a")).contains(checkpoint("a"));
  }

  @Test
  void anotherStoreSeesWhatWasSaved() throws SQLException {
    assumeTrue(isDurable());
    save(checkpoint("a", live("s.a")));
    store = store();
    assertThat(load("a")).contains(checkpoint("a", live("s.a")));
    commit(connection -> store.advance("a", Lsn.parse("5/5"), connection));
    store = store();
    assertThat(load("a").orElseThrow().position()).isEqualTo(Lsn.parse("5/5"));
  }

  @Test
  void writesAreUndoneWithTheTransactionOfTheDestination() throws SQLException {
    assumeTrue(store.joinsDestination());
    List<String> before = relations();
    Checkpoint a = checkpoint("a", live("s.a"));
    rollback(connection -> store.save(a, connection));
    assertThat(load("a")).isEmpty();
    assertThat(relations()).isEqualTo(before);
    save(a);
    rollback(connection -> store.save(a.withPaused(true, "why").withTables(List.of()), connection));
    rollback(connection -> store.advance("a", Lsn.parse("5/5"), connection));
    rollback(connection -> store.saveTable("a", live("s.a", "5/5"), connection));
    rollback(connection -> store.delete("a", connection));
    assertThat(load("a")).contains(a);
  }

  @Test
  void writesAreSeenWithTheCommitOfTheDestination() throws SQLException {
    assumeTrue(store.joinsDestination());
    Checkpoint a = checkpoint("a", live("s.a"));
    save(a);
    try (Connection transaction = transaction()) {
      store.advance("a", Lsn.parse("5/5"), transaction);
      store.saveTable("a", live("s.a", "5/5"), transaction);
      assertThat(store.load("a", transaction).orElseThrow().position()).isEqualTo(Lsn.parse("5/5"));
      assertThat(load("a")).contains(a);
      transaction.commit();
    }
    assertThat(load("a"))
        .contains(a.withPosition(Lsn.parse("5/5")).withTables(List.of(live("s.a", "5/5"))));
  }

  @Test
  void writesStayWhateverBecomesOfTheDestination() throws SQLException {
    assumeFalse(store.joinsDestination());
    Checkpoint a = checkpoint("a", live("s.a"));
    rollback(connection -> store.save(a, connection));
    assertThat(load("a")).contains(a);
    rollback(connection -> store.advance("a", Lsn.parse("5/5"), connection));
    rollback(connection -> store.saveTable("a", live("s.a", "5/5"), connection));
    assertThat(load("a"))
        .contains(a.withPosition(Lsn.parse("5/5")).withTables(List.of(live("s.a", "5/5"))));
    rollback(connection -> store.delete("a", connection));
    assertThat(load("a")).isEmpty();
  }

  @Test
  void whatWasClaimedByAnotherIsWrittenNoMore() throws SQLException {
    assumeTrue(isDurable());
    assumeFalse(store.joinsDestination());
    Checkpoint a = checkpoint("a", live("s.a"));
    save(a);
    CheckpointStore former = claim("a");
    commit(connection -> former.advance("a", Lsn.parse("5/5"), connection));
    CheckpointStore owner = claim("a");
    for (Call late :
        List.<Call>of(
            connection -> former.advance("a", Lsn.parse("4/4"), connection),
            connection -> former.saveTable("a", live("s.a", "4/4"), connection),
            connection -> former.save(a.withPaused(true, "late"), connection),
            connection -> former.delete("a", connection))) {
      try (Connection connection = transaction()) {
        assertThatThrownBy(() -> late.run(connection)).isInstanceOf(MirrorOwnedException.class);
        connection.rollback();
      }
    }
    assertThat(load("a")).contains(a.withPosition(Lsn.parse("5/5")));
    Checkpoint paused = a.withPaused(true, null);
    commit(connection -> owner.save(paused, connection));
    commit(connection -> owner.advance("a", Lsn.parse("6/6"), connection));
    commit(connection -> owner.saveTable("a", live("s.a", "6/6"), connection));
    assertThat(load("a"))
        .contains(paused.withPosition(Lsn.parse("6/6")).withTables(List.of(live("s.a", "6/6"))));
    commit(connection -> owner.delete("a", connection));
    assertThat(load("a")).isEmpty();
  }

  @Test
  void aMirrorIsBegunByWhoClaimedIt() throws SQLException {
    CheckpointStore owner = claim("a");
    Checkpoint a = checkpoint("a", live("s.a"));
    commit(connection -> owner.save(a, connection));
    commit(connection -> owner.advance("a", Lsn.parse("5/5"), connection));
    assertThat(load("a")).contains(a.withPosition(Lsn.parse("5/5")));
  }

  private CheckpointStore claim(String mirror) throws SQLException {
    try (Connection connection = session()) {
      return store.claim(mirror, connection);
    }
  }
}
