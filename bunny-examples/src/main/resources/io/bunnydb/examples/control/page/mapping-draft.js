/** A mirror's table mappings as they are being edited. */

const PLAIN = /^[a-z_][a-z0-9_$]*$/;

/** The fields of a row that can be edited. */
export const FIELDS = ["destination", "partitionKey", "excluded"];

/** The rows of the editor, beside the mappings that the server has. */
export class MappingDraft {
  #saved = [];
  #rows = [];
  #nextId = 0;

  /** The rows: `{id, source, destination, partitionKey, excluded}`, and `mapping`, null for a new one. */
  get rows() {
    return this.#rows;
  }

  /** Starts again from what the server has. */
  reset(mappings) {
    this.#saved = mappings;
    this.#rows = mappings.map((mapping) => this.#row(mapping, mapping));
  }

  /** Throws the edits away. */
  discard() {
    this.reset(this.#saved);
  }

  /** Adds a table of the source. */
  add(source) {
    const removed = this.#saved.find((mapping) => mapping.source_table === source);
    this.#rows.push(this.#row(removed ?? { source_table: source, destination_table: source }, removed ?? null));
  }

  /** Removes a row. */
  remove(id) {
    this.#rows = this.#rows.filter((row) => row.id !== id);
  }

  /** The source tables that can be added: those that were removed, and those that are not mirrored. */
  addable(available) {
    const listed = new Set(this.#rows.map((row) => row.source));
    const removed = this.#saved.map((mapping) => mapping.source_table);
    const others = available.map((table) => sqlName(table.schema, table.table_name));
    return [...new Set([...removed, ...others])].filter((table) => !listed.has(table)).sort();
  }

  /** What saving would do: `1 added, 2 changed`; empty where nothing. */
  get changes() {
    const listed = new Set(this.#rows.map((row) => row.source));
    const counts = [
      [this.#rows.filter((row) => row.mapping === null).length, "added"],
      [this.#saved.filter((mapping) => !listed.has(mapping.source_table)).length, "removed"],
      [this.#rows.filter((row) => row.mapping !== null && isChanged(row)).length, "changed"],
    ];
    return counts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`).join(", ");
  }

  /** The whole new list, for the server. What a mapping has besides the fields is kept. */
  toMappings() {
    return this.#rows.map((row) => {
      const { partition_key: _, exclude_columns: __, ...others } = row.mapping ?? {};
      const columns = parseColumns(row.excluded);
      return {
        ...others,
        source_table: row.source,
        destination_table: row.destination.trim(),
        ...(row.partitionKey.trim() === "" ? {} : { partition_key: row.partitionKey.trim() }),
        ...(columns.length === 0 ? {} : { exclude_columns: columns }),
      };
    });
  }

  /** The row that an error is about, by its place in the list or by a table's name; null for none. */
  rowOfError(message) {
    const place = /table_mappings\[(\d+)\]/.exec(message);
    if (place !== null) {
      return this.#rows[Number(place[1])] ?? null;
    }
    const named = (table) => table !== "" && message.includes(table);
    return this.#rows.find((row) => named(row.destination.trim())) ?? this.#rows.find((row) => named(row.source)) ?? null;
  }

  #row(shown, mapping) {
    return { id: this.#nextId++, mapping, ...fieldsOf(shown) };
  }
}

function fieldsOf(mapping) {
  return {
    source: mapping.source_table,
    destination: mapping.destination_table,
    partitionKey: mapping.partition_key ?? "",
    excluded: formatColumns(mapping.exclude_columns ?? []),
  };
}

function isChanged(row) {
  const saved = fieldsOf(row.mapping);
  return FIELDS.some((field) => row[field].trim() !== saved[field]);
}

/** A table's name as SQL has it, quoted where it must be. */
function sqlName(schema, table) {
  const quoted = (name) => (PLAIN.test(name) ? name : `"${name.replaceAll('"', '""')}"`);
  return `${quoted(schema)}.${quoted(table)}`;
}

/** Column names with commas between them; a name with a comma or quotes in it stands in quotes. */
function formatColumns(columns) {
  return columns.map((name) => (/[",]|^\s|\s$/.test(name) ? `"${name.replaceAll('"', '""')}"` : name)).join(", ");
}

/** The opposite of {@link formatColumns}. */
function parseColumns(text) {
  return [...text.matchAll(/"((?:[^"]|"")*)"|[^,"]+/g)]
    .map(([plain, quoted]) => quoted?.replaceAll('""', '"') ?? plain.trim())
    .filter((name) => name !== "");
}
