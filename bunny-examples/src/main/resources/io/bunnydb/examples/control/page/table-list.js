/** The tables of the mirror that is shown, with their progress and counts. */

import { byId, part, reconcile, setAttribute, setText } from "./dom.js";
import { count, words } from "./format.js";

/** The rows of the table of tables. */
export class TableList {
  #commands;

  /** @param commands what the resync buttons belong to */
  constructor(commands) {
    this.#commands = commands;
    byId("table-rows").addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button !== null) {
        commands.pressTableButton(button, button.closest("tr").dataset.key);
      }
    });
  }

  /** Shows a mirror's tables. */
  update(mirror) {
    reconcile(byId("table-rows"), mirror.tables, (table) => table.source_table, "table-row", (row, table) => {
      setText(part(row, "source"), table.source_table);
      const isRenamed = table.destination_table !== table.source_table;
      setText(part(row, "destination"), isRenamed ? `→ ${table.destination_table}` : "");
      setText(part(row, "state"), words(table.state));
      updateProgress(row, table);
      setText(part(row, "copied"), count(table.rows_copied));
      setText(part(row, "inserted"), count(table.rows_inserted));
      setText(part(row, "updated"), count(table.rows_updated));
      setText(part(row, "deleted"), count(table.rows_deleted));
      const button = part(row, "resync");
      setAttribute(button, "aria-label", `Resync… ${table.source_table}`);
      this.#commands.updateTableButton(button);
    });
  }
}

/** A bar where the source has an estimate of the rows, words in any case. */
function updateProgress(row, table) {
  const bar = part(row, "progress");
  const isCopying = table.state === "COPYING";
  const estimate = table.rows_to_copy ?? 0;
  bar.hidden = !isCopying || estimate <= 0;
  if (!bar.hidden) {
    // The estimate may be too low; a copy that goes on is not shown as complete.
    const share = Math.min(table.rows_copied / estimate, 0.99);
    bar.value = share;
    setAttribute(bar, "aria-label", `Copy of ${table.source_table}`);
    setText(part(row, "progress-text"), `${Math.floor(share * 100)} % of about ${count(estimate)} rows`);
  } else {
    setText(part(row, "progress-text"), isCopying ? `${count(table.rows_copied)} rows so far` : "");
  }
}
