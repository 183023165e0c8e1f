package io.bunnydb.spi;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Lsn;
import io.bunnydb.TableMapping;
import io.bunnydb.TableState;
import io.bunnydb.spi.TableCheckpoint.Shadow;
import org.junit.jupiter.api.Test;

final class TableCheckpointTest {
  private static final Shadow COPYING = new Shadow(TableState.COPYING, Lsn.ZERO);
  private static final TableCheckpoint TABLE =
      new TableCheckpoint(TableMapping.from("s.t"), TableState.COPYING, Lsn.ZERO)
          .withCopyProgress("some");

  @Test
  void progressOfACopyStaysAsLongAsTheCopy() {
    assertThat(TABLE.withSource(1, 2).withError("e").withMapping(TABLE.mapping()).copyProgress())
        .isEqualTo("some");
    assertThat(TABLE.withState(TableState.COPYING, new Lsn(1)).copyProgress()).isEqualTo("some");
    TableCheckpoint shadowed =
        TABLE
            .withState(TableState.LIVE, Lsn.ZERO)
            .withShadow(COPYING)
            .withCopyProgress("of the shadow");
    assertThat(shadowed.withState(TableState.LIVE, new Lsn(1)).withShadow(COPYING).copyProgress())
        .isEqualTo("of the shadow");
    assertThat(shadowed.withShadow(null).copyProgress()).isNull();
    assertThat(shadowed.withShadow(new Shadow(TableState.COPIED, new Lsn(1))).copyProgress())
        .isNull();
  }

  @Test
  void noOtherCopyFindsIt() {
    for (TableState state : TableState.values()) {
      if (state != TableState.COPYING) {
        assertThat(
                TABLE
                    .withState(state, new Lsn(1))
                    .withState(TableState.COPYING, Lsn.ZERO)
                    .copyProgress())
            .isNull();
      }
    }
  }
}
