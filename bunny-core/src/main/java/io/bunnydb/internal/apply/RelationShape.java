package io.bunnydb.internal.apply;

import io.bunnydb.pgoutput.Relation;
import io.bunnydb.pgoutput.RelationColumns;
import io.bunnydb.pgoutput.ReplicaIdentity;
import java.util.ArrayList;
import java.util.List;

/**
 * What a Relation message says, kept for the changes that follow it.
 *
 * @param identity its replica identity
 * @param columns its published columns, in the order of the tuples
 * @param typeOids their types' OIDs on the source
 * @param keys those columns that belong to the replica identity
 */
record RelationShape(
    ReplicaIdentity identity, List<String> columns, List<Long> typeOids, List<String> keys) {

  static RelationShape of(Relation relation) {
    List<String> columns = new ArrayList<>();
    List<Long> typeOids = new ArrayList<>();
    List<String> keys = new ArrayList<>();
    RelationColumns cursor = relation.columns();
    while (cursor.next()) {
      String column = cursor.name();
      columns.add(column);
      typeOids.add(cursor.typeOid());
      if (cursor.isKey()) {
        keys.add(column);
      }
    }
    return new RelationShape(relation.replicaIdentity(), columns, typeOids, keys);
  }
}
