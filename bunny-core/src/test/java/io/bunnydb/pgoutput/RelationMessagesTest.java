package io.bunnydb.pgoutput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Relation, Type and Truncate. */
final class RelationMessagesTest {

  private final PgOutputDecoder decoder = new PgOutputDecoder(1);

  @Test
  void readsRelation() {
    MessageWriter.message('R')
        .int32(0x9000_0000L)
        .string("My Schema")
        .string("T.x")
        .int8('i')
        .int16(2)
        .int8(1)
        .string("id")
        .int32(23)
        .int32(-1)
        .int8(0)
        .string("größe")
        .int32(0xFFFF_FFFFL)
        .int32(44)
        .wrapWith(decoder);

    Relation relation = decoder.relation();
    assertThat(relation.xid()).isZero();
    assertThat(relation.id()).isEqualTo(0x9000_0000L);
    assertThat(relation.namespace()).isEqualTo("My Schema");
    assertThat(relation.name()).isEqualTo("T.x");
    assertThat(relation.replicaIdentity()).isEqualTo(ReplicaIdentity.INDEX);
    RelationColumns columns = relation.columns();
    assertThat(columns.columnCount()).isEqualTo(2);
    assertThat(columns.next()).isTrue();
    assertThat(columns.index()).isZero();
    assertThat(columns.isKey()).isTrue();
    assertThat(columns.name()).isEqualTo("id");
    assertThat(columns.typeOid()).isEqualTo(23);
    assertThat(columns.typeModifier()).isEqualTo(-1);
    assertThat(columns.next()).isTrue();
    assertThat(columns.isKey()).isFalse();
    assertThat(columns.name()).isEqualTo("größe");
    assertThat(columns.typeOid()).isEqualTo(4_294_967_295L);
    assertThat(columns.typeModifier()).isEqualTo(44);
    assertThat(columns.next()).isFalse();
    assertThat(columns.next()).isFalse();
    columns.rewind();
    assertThat(columns.next()).isTrue();
    assertThat(columns.name()).isEqualTo("id");
  }

  @Test
  void readsTheEmptyNamespaceAsPgCatalog() {
    relation('d').int16(0).wrapWith(decoder);

    assertThat(decoder.relation().namespace()).isEqualTo("pg_catalog");
    assertThat(decoder.relation().columns().columnCount()).isZero();
    assertThat(decoder.relation().columns().next()).isFalse();
  }

  @Test
  void readsEachReplicaIdentity() {
    assertIdentity('d', ReplicaIdentity.DEFAULT);
    assertIdentity('n', ReplicaIdentity.NOTHING);
    assertIdentity('f', ReplicaIdentity.FULL);
    assertIdentity('i', ReplicaIdentity.INDEX);
  }

  @Test
  void refusesAnUnknownReplicaIdentity() {
    assertRefused(
        relation('x').int16(0),
        "Relation: expected replica identity 'd', 'n', 'f' or 'i', found 0x78 'x' at offset 8");
  }

  @Test
  void refusesWrongColumns() {
    assertRefused(
        relation('d').int16(-1),
        "Relation: expected column count of at least 0, found -1 at offset 9");
    assertRefused(
        relation('d').int16(1), "Relation: expected 1 bytes of column flags, found 0 at offset 11");
    assertRefused(
        relation('d').int16(1).int8(2),
        "Relation: expected column flags within 0x1, found 0x2 at offset 11");
    assertRefused(
        relation('d').int16(1).int8(1).string("a").int32(23).int16(0),
        "Relation: expected 4 bytes of column type modifier, found 2 at offset 18");
    assertRefused(
        relation('d').int16(0).int8(1),
        "Relation: expected the end, found 1 more bytes at offset 11");
  }

  @Test
  void refusesToReadNoColumn() {
    relation('d').int16(0).wrapWith(decoder);

    assertThatThrownBy(() -> decoder.relation().columns().name())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("next() was not called");
    assertThat(decoder.relation().columns().next()).isFalse();
    assertThatThrownBy(() -> decoder.relation().columns().typeOid())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("next() returned false");
  }

  @Test
  void readsType() {
    MessageWriter.message('Y').int32(16400).string("public").string("mood").wrapWith(decoder);

    assertThat(decoder.type().oid()).isEqualTo(16400);
    assertThat(decoder.type().namespace()).isEqualTo("public");
    assertThat(decoder.type().name()).isEqualTo("mood");
    MessageWriter.message('Y').int32(16401).string("").string("int4").wrapWith(decoder);
    assertThat(decoder.type().namespace()).isEqualTo("pg_catalog");
  }

  @Test
  void readsTruncate() {
    MessageWriter.message('T').int32(2).int8(3).int32(0xFFFF_FFFFL).int32(6).wrapWith(decoder);

    Truncate truncate = decoder.truncate();
    assertThat(truncate.relationCount()).isEqualTo(2);
    assertThat(truncate.relationId(0)).isEqualTo(4_294_967_295L);
    assertThat(truncate.relationId(1)).isEqualTo(6);
    assertThat(truncate.isCascade()).isTrue();
    assertThat(truncate.isRestartIdentity()).isTrue();
    assertThatThrownBy(() -> truncate.relationId(2)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> truncate.relationId(-1)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void readsEachTruncateOption() {
    MessageWriter.message('T').int32(1).int8(1).int32(6).wrapWith(decoder);
    assertThat(decoder.truncate().isCascade()).isTrue();
    assertThat(decoder.truncate().isRestartIdentity()).isFalse();
    MessageWriter.message('T').int32(1).int8(2).int32(6).wrapWith(decoder);
    assertThat(decoder.truncate().isCascade()).isFalse();
    assertThat(decoder.truncate().isRestartIdentity()).isTrue();
  }

  @Test
  void refusesAWrongTruncate() {
    assertRefused(
        MessageWriter.message('T').int32(2).int8(0).int32(5),
        "Truncate: expected 2 relation ids, found 4 bytes at offset 6");
    assertRefused(
        MessageWriter.message('T').int32(1).int8(0).int32(5).int8(9),
        "Truncate: expected the end, found 1 more bytes at offset 10");
    assertRefused(
        MessageWriter.message('T').int32(0x4000_0001).int8(0).int32(5),
        "Truncate: expected 1073741825 relation ids, found 4 bytes at offset 6");
    assertRefused(
        MessageWriter.message('T').int32(-1).int8(0),
        "Truncate: expected relation count of at least 0, found -1 at offset 1");
    assertRefused(
        MessageWriter.message('T').int32(0).int8(4),
        "Truncate: expected options within 0x3, found 0x4 at offset 5");
  }

  private static MessageWriter relation(char identity) {
    return MessageWriter.message('R').int32(1).string("").string("t").int8(identity);
  }

  private void assertIdentity(char code, ReplicaIdentity identity) {
    relation(code).int16(0).wrapWith(decoder);
    assertThat(decoder.relation().replicaIdentity()).isEqualTo(identity);
  }

  private void assertRefused(MessageWriter message, String why) {
    assertThatThrownBy(() -> message.wrapWith(decoder))
        .isInstanceOf(PgOutputException.class)
        .hasMessage(why);
  }
}
