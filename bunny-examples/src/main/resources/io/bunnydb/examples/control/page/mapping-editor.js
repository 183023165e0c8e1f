/** The editor of a mirror's table mappings, open while the mirror is paused. */

import { generalRefusal } from "./commands.js";
import { byId, part, reasonAgainst, reconcile, setAttribute, setPossible, setText } from "./dom.js";
import { FIELDS, MappingDraft } from "./mapping-draft.js";

const LABELS = { destination: "Destination", partitionKey: "Partition key", excluded: "Excluded columns" };

/** Shows the mappings of one mirror; edits stay while other mirrors are looked at. */
export class MappingEditor {
  #api;
  #states = new Map(); // by mirror: {draft, available, status, error, errorRow, result}
  #mirror = null;
  #access = null;

  /** @param api gives the present {@link Api} */
  constructor(api) {
    this.#api = api;
    byId("mapping").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#ifPossible(byId("save-mapping"), () => this.#save());
    });
    byId("discard-mapping").addEventListener("click", (event) =>
      this.#ifPossible(event.currentTarget, () => this.#discard()),
    );
    byId("add-table").addEventListener("click", (event) => this.#ifPossible(event.currentTarget, () => this.#add()));
    byId("mapping-rows").addEventListener("input", (event) => this.#edit(event.target));
    byId("mapping-rows").addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button !== null) {
        this.#ifPossible(button, () => this.#remove(button.closest("tr")));
      }
    });
  }

  /** Shows a mirror's mappings, and asks for them where it is another mirror or state than before. */
  update(mirror, access) {
    const isOther = mirror.name !== this.#mirror?.name;
    this.#mirror = mirror;
    this.#access = access;
    if (isOther || this.#state.status !== mirror.status) {
      this.#state.status = mirror.status;
      this.#state.result = "";
      this.#load(mirror);
    }
    this.#show();
  }

  /** Forgets everything. */
  clear() {
    this.#states.clear();
    this.#mirror = null;
  }

  get #state() {
    const name = this.#mirror.name;
    if (!this.#states.has(name)) {
      const draft = new MappingDraft();
      this.#states.set(name, { draft, available: [], status: null, error: "", errorRow: null, result: "" });
    }
    return this.#states.get(name);
  }

  async #load(mirror) {
    const state = this.#state;
    try {
      const mappings = await this.#api().mappings(mirror.name);
      const available = mirror.status === "PAUSED" ? await this.#api().availableTables(mirror.name) : [];
      if (state.draft.changes === "") {
        state.draft.reset(mappings);
      }
      state.available = available;
      state.error = "";
    } catch (e) {
      state.status = null; // so that it is asked for again
      state.error = e.status === 0 ? "" : e.message; // that nothing answers is said above
    }
    this.#showIfCurrent(state);
  }

  async #save() {
    const state = this.#state;
    const name = this.#mirror.name;
    state.error = "";
    state.errorRow = null;
    state.result = "Saving …";
    this.#show();
    try {
      const answer = await this.#api().saveMappings(name, state.draft.toMappings());
      state.result = `${answer.message}. Resume the mirror to put it into effect.`;
      state.draft.reset(await this.#api().mappings(name));
      state.available = await this.#api().availableTables(name);
    } catch (e) {
      state.error = e.message;
      state.errorRow = state.draft.rowOfError(e.message);
      state.result = "";
    }
    this.#showIfCurrent(state);
  }

  #discard() {
    this.#state.draft.discard();
    this.#forgetOutcome();
    this.#show();
  }

  #add() {
    const source = byId("available").value;
    this.#state.draft.add(source);
    this.#forgetOutcome();
    this.#show();
    part(byId("mapping-rows").lastElementChild, "destination").focus();
  }

  #remove(row) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    this.#state.draft.remove(Number(row.dataset.key));
    this.#forgetOutcome();
    this.#show();
    (next === null ? byId("available") : part(next, "remove")).focus();
  }

  #edit(input) {
    const id = Number(input.closest("tr").dataset.key);
    this.#state.draft.rows.find((row) => row.id === id)[input.dataset.part] = input.value;
    this.#forgetOutcome();
    this.#show();
  }

  #forgetOutcome() {
    Object.assign(this.#state, { error: "", errorRow: null, result: "" });
  }

  #ifPossible(button, action) {
    const reason = reasonAgainst(button);
    if (reason === null) {
      action();
    } else {
      this.#state.result = reason;
      this.#show();
    }
  }

  #showIfCurrent(state) {
    if (this.#mirror !== null && this.#state === state) {
      this.#show();
    }
  }

  #show() {
    const state = this.#state;
    const refusal = this.#refusal();
    const changes = state.draft.changes;
    setText(byId("mapping-hint"), hint(refusal, changes, this.#mirror.status));
    reconcile(byId("mapping-rows"), state.draft.rows, (row) => row.id, "mapping-row", (node, row) =>
      showRow(node, row, refusal, row === state.errorRow),
    );
    this.#showAddable(state.draft.addable(state.available), refusal);
    setPossible(byId("save-mapping"), refusal ?? (changes === "" ? "Nothing was changed." : null));
    setPossible(byId("discard-mapping"), changes === "" ? "Nothing was changed." : null);
    setText(byId("mapping-error"), state.error);
    setText(byId("mapping-result"), state.result);
  }

  #showAddable(tables, refusal) {
    const select = byId("available");
    if ([...select.options].map((option) => option.value).join("\n") !== tables.join("\n")) {
      const chosen = select.value;
      select.replaceChildren(...tables.map((table) => new Option(table)));
      select.value = tables.includes(chosen) ? chosen : (tables[0] ?? "");
    }
    const none = tables.length === 0 ? "Every table of the source is in the list." : null;
    setPossible(byId("add-table"), refusal ?? none);
    select.disabled = refusal !== null || none !== null;
  }

  #refusal() {
    const isPaused = this.#mirror.status === "PAUSED";
    return generalRefusal(this.#access) ?? (isPaused ? null : "Pause the mirror to change its tables.");
  }
}

function hint(refusal, changes, status) {
  if (changes === "") {
    return refusal ?? "What is saved here takes effect when the mirror is resumed: added tables are copied, removed ones keep their rows.";
  }
  return status === "PAUSED" ? `Not saved yet: ${changes}.` : `Not saved: ${changes}. ${refusal ?? ""}`;
}

function showRow(node, row, refusal, isWrong) {
  setText(part(node, "source"), row.source);
  setText(part(node, "note"), row.mapping === null ? "new" : "");
  for (const field of FIELDS) {
    const input = part(node, field);
    if (input.value !== row[field]) {
      input.value = row[field];
    }
    input.readOnly = refusal !== null;
    setAttribute(input, "aria-label", `${LABELS[field]} of ${row.source}`);
    setAttribute(input, "aria-invalid", isWrong ? "true" : null);
    setAttribute(input, "aria-describedby", isWrong ? "mapping-error" : null);
  }
  const remove = part(node, "remove");
  setAttribute(remove, "aria-label", `Remove ${row.source}`);
  setPossible(remove, refusal);
}
