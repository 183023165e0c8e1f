package io.bunnydb.pgoutput;

/**
 * What the tuples of a relation look like from here on, until the next one with the same id.
 *
 * <p>Valid until the decoder's next {@code wrap}. Not thread-safe.
 *
 * <p>"Relation" in "Logical Replication Message Formats" of the PostgreSQL documentation; the xid
 * is there in a stream only:
 *
 * <pre>
 *  +-----+- - - -+--------+--------------+---------+----------+--------+-------------+
 *  | 'R' | xid   | id     | namespace \0 | name \0 | identity | count  | columns ... |
 *  +-----+- - - -+--------+--------------+---------+----------+--------+-------------+
 *   Byte1  Int32   Int32    String         String    Int8       Int16
 * </pre>
 */
public final class Relation {

  private long xid;
  private long id;
  private final StringField namespace = new StringField();
  private final StringField name = new StringField();
  private ReplicaIdentity replicaIdentity = ReplicaIdentity.DEFAULT;
  private final RelationColumns columns = new RelationColumns();

  Relation() {}

  void wrap(MessageReader reader, boolean inStream) {
    xid = inStream ? reader.unsigned32("xid") : 0;
    id = reader.unsigned32("relation id");
    namespace.wrap(reader, "namespace");
    name.wrap(reader, "relation name");
    replicaIdentity = ReplicaIdentity.read(reader);
    columns.wrap(reader);
  }

  /** The transaction or subtransaction, unsigned 32 bits; 0 outside of a stream. */
  public long xid() {
    return xid;
  }

  /** The OID of the relation, unsigned 32 bits, by which the changes name it. */
  public long id() {
    return id;
  }

  /**
   * The schema as it stands in the catalog (not quoted), in a new string. The empty string that the
   * protocol sends for {@code pg_catalog} is given as {@code pg_catalog}.
   *
   * @throws PgOutputException if the bytes are not UTF-8
   */
  public String namespace() {
    return namespace.isEmpty() ? "pg_catalog" : namespace.value();
  }

  /**
   * The name as it stands in the catalog (not quoted), in a new string.
   *
   * @throws PgOutputException if the bytes are not UTF-8
   */
  public String name() {
    return name.value();
  }

  /** What the relation writes of old rows. */
  public ReplicaIdentity replicaIdentity() {
    return replicaIdentity;
  }

  /** The columns; always the same cursor, where it was left. */
  public RelationColumns columns() {
    return columns;
  }
}
