package io.bunnydb.pgoutput;

/**
 * The name of a type that is not built in, sent before the first {@link Relation} that uses it.
 *
 * <p>Valid until the decoder's next {@code wrap}. Not thread-safe.
 *
 * <p>"Type" in "Logical Replication Message Formats" of the PostgreSQL documentation; the xid is
 * there in a stream only:
 *
 * <pre>
 *  +-----+- - - -+--------+--------------+---------+
 *  | 'Y' | xid   | OID    | namespace \0 | name \0 |
 *  +-----+- - - -+--------+--------------+---------+
 *   Byte1  Int32   Int32    String         String
 * </pre>
 */
public final class Type {

  private long xid;
  private long oid;
  private final StringField namespace = new StringField();
  private final StringField name = new StringField();

  Type() {}

  void wrap(MessageReader reader, boolean inStream) {
    xid = inStream ? reader.unsigned32("xid") : 0;
    oid = reader.unsigned32("type OID");
    namespace.wrap(reader, "namespace");
    name.wrap(reader, "type name");
  }

  /** The transaction or subtransaction, unsigned 32 bits; 0 outside of a stream. */
  public long xid() {
    return xid;
  }

  /** The OID of the type, unsigned 32 bits. */
  public long oid() {
    return oid;
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
   * The name as it stands in the catalog (not quoted), in a new string. For a domain the source
   * sends the domain's OID with the name of its base type.
   *
   * @throws PgOutputException if the bytes are not UTF-8
   */
  public String name() {
    return name.value();
  }
}
