package io.bunnydb.internal.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.ApplyException;
import io.bunnydb.CopyException;
import io.bunnydb.ErrorKind;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorOwnedException;
import io.bunnydb.PeerConnectionException;
import io.bunnydb.PreflightException;
import io.bunnydb.SlotLostException;
import io.bunnydb.TableName;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The kinds of errors, held against the table of SQLSTATEs in PostgreSQL's documentation. */
final class ErrorKindsTest {
  private static final TableName TABLE = TableName.parse("s.t");

  private static SQLException sql(String state) {
    return new SQLException("why", state);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "CONNECTION 08000,08001,08003,08006,25P03,25P04",
        "SERVER_BUSY 57000,57014,57P01,57P02,57P03,57P05,53300,25006",
        "CONTENTION 40000,40001,40P01,55006,55P03,72000",
        "RESOURCES 53000,53100,53200,53400,58000,58030",
        "AUTHENTICATION 28000,28P01,08004,3D000,57P04",
        "PRIVILEGE 42501,0LP01,0P000",
        "SCHEMA 42P01,42703,42P10,42804,428C9,42704,0A000,3F000,55000,2BP01",
        "CONSTRAINT 23000,23502,23503,23505,23514,23P01,40002,44000,09000,P0001,38000",
        "DATA 22001,22003,22021,22P02,22P05,02000,21000,54000",
        "INTERNAL 08P01,58P01,58P02,XX000,XX001,25P02,26000,0B000,F0000,HV000,99999,08,''"
      })
  void sqlStateTellsTheKind(ErrorKind kind, String states) {
    for (String state : states.split(",", -1)) {
      assertThat(ErrorKinds.ofSqlState(state)).as(state).isEqualTo(kind);
      assertThat(ErrorKinds.of(new ApplyException("m", TABLE, null, "what", sql(state))))
          .isEqualTo(kind);
      assertThat(ErrorKinds.of(new MirrorException("m", "what", sql(state)))).isEqualTo(kind);
    }
  }

  @Test
  void whatPassesWithTimeIsTriedAgain() {
    assertThat(ErrorKind.values())
        .filteredOn(ErrorKind::passesWithTime)
        .containsExactly(
            ErrorKind.CONNECTION,
            ErrorKind.SERVER_BUSY,
            ErrorKind.CONTENTION,
            ErrorKind.RESOURCES,
            ErrorKind.OWNED);
  }

  @Test
  void exceptionThatSaysWhatHappenedTellsTheKind() {
    assertThat(ErrorKinds.of(new SlotLostException("m", "gone", sql("08006"))))
        .isEqualTo(ErrorKind.SLOT_LOST);
    assertThat(ErrorKinds.of(new MirrorOwnedException("m", "it runs", null)))
        .isEqualTo(ErrorKind.OWNED);
    assertThat(ErrorKinds.of(new PreflightException("m", List.of("no"))))
        .isEqualTo(ErrorKind.REFUSED);
    assertThat(ErrorKinds.of(new PeerConnectionException("m", "no", sql("28P01"))))
        .isEqualTo(ErrorKind.AUTHENTICATION);
    assertThat(ErrorKinds.of(new CopyException("m", TABLE, null, "no", sql("53100"))))
        .isEqualTo(ErrorKind.RESOURCES);
  }

  @Test
  void withoutAServersErrorItIsWhatBunnyFound() {
    assertThat(ErrorKinds.of(new ApplyException("m", TABLE, null, "no column", null)))
        .isEqualTo(ErrorKind.SCHEMA);
    assertThat(ErrorKinds.of(new MirrorException("m", "as it is", null)))
        .isEqualTo(ErrorKind.REFUSED);
    assertThat(ErrorKinds.of(new MirrorException("m", "bug", new IllegalStateException("bug"))))
        .isEqualTo(ErrorKind.INTERNAL);
  }

  @Test
  void valuesOfARowAreLeftOut() {
    assertThat(
            ServerMessage.withoutValues(
                "22P02", "invalid input syntax for type integer: \"s3 \"cr\" 3t\""))
        .isEqualTo("invalid input syntax for type integer: \"...\"");
    assertThat(ServerMessage.withoutValues("22021", "invalid byte sequence for encoding \"UTF8\""))
        .contains("UTF8");
    assertThat(ServerMessage.withoutValues("42P01", "relation \"a\" does not exist"))
        .contains("\"a\"");
    assertThat(ServerMessage.of(new SQLException("plain"))).isEqualTo("plain");
  }
}
