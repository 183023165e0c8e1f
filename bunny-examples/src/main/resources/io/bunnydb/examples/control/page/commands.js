/** The commands to a mirror: when each is possible, what it asks first, and what came of it. */

import { byId, part, reasonAgainst, setPossible, setText } from "./dom.js";
import { timeOfDay, words } from "./format.js";

const WORKING = new Set(["SETTING_UP", "SNAPSHOT", "RUNNING", "RESYNCING", "SYNCING_SCHEMA"]);

const IN_PROGRESS = {
  pause: "Pausing …",
  resume: "Resuming …",
  retry: "Trying again …",
  resync: "Starting the resync …",
  delete: "Deleting …",
};

/** Why nothing at all may be commanded now, or null; `access` has readOnly and stale. */
export function generalRefusal(access) {
  if (access.readOnly) {
    return "This token may only read.";
  }
  return access.stale ? "The server does not answer." : null;
}

/** Why the state of a mirror forbids a command, or null. */
function refusalByState(command, mirror) {
  const state = mirror.status;
  switch (command) {
    case "pause":
      return state === "PAUSED" ? "It is paused already." : unless(WORKING.has(state), state);
    case "resume":
      return WORKING.has(state) ? "It is not paused." : unless(state === "PAUSED", state);
    case "retry":
      return mirror.error ? null : "There is no error to try again.";
    case "resync":
      return unless(state === "RUNNING" || state === "PAUSED", state);
    case "delete":
      return unless(state !== "TERMINATED", state);
    default:
      throw new Error(`no command ${command}`);
  }
}

function unless(isPossible, state) {
  return isPossible ? null : `Not possible while it is ${words(state)}.`;
}

/** The command buttons of the mirror that is shown. */
export class Commands {
  #send;
  #result = byId("command-result");
  #buttons = [...byId("commands").children];
  #running = new Map(); // the command under way, by mirror
  #results = new Map(); // what came of the last one, by mirror: {text, failed}
  #mirror = null;
  #access = null;

  /** @param send sends a command and gives the server's answer: `(name, command, body) => ...` */
  constructor(send) {
    this.#send = send;
    for (const button of this.#buttons) {
      button.addEventListener("click", () => this.#press(button, button.dataset.command, null));
    }
  }

  /** Shows what is possible for a mirror. */
  update(mirror, access) {
    this.#mirror = mirror;
    this.#access = access;
    for (const button of this.#buttons) {
      setPossible(button, this.#refusal(button.dataset.command));
    }
    byId("read-only").hidden = !access.readOnly;
    this.#showResult();
  }

  /** Shows whether a table can be resynced, by its button. */
  updateTableButton(button) {
    setPossible(button, this.#refusal("resync"));
  }

  /** The resync button of one table was pressed. */
  pressTableButton(button, table) {
    this.#press(button, "resync", table);
  }

  /** Forgets what came of earlier commands. */
  clear() {
    this.#results.clear();
  }

  #refusal(command) {
    return (
      generalRefusal(this.#access) ??
      this.#running.get(this.#mirror.name) ??
      refusalByState(command, this.#mirror)
    );
  }

  async #press(button, command, table) {
    const name = this.#mirror.name;
    const reason = reasonAgainst(button);
    if (reason !== null) {
      this.#note(name, reason, true);
      return;
    }
    const body = await confirmation(command, name, table);
    if (body !== null) {
      await this.#run(name, command, table, body);
    }
  }

  async #run(name, command, table, body) {
    this.#running.set(name, IN_PROGRESS[command]);
    this.#note(name, IN_PROGRESS[command], false);
    try {
      const target = table === null ? command : `${command}/${encodeURIComponent(table)}`;
      const answer = await this.#send(name, target, body);
      this.#note(name, answer.message, false);
    } catch (e) {
      this.#note(name, e.message, true);
    } finally {
      this.#running.delete(name);
      this.update(this.#mirror, this.#access);
    }
  }

  #note(name, text, failed) {
    this.#results.set(name, { text: `${timeOfDay(new Date())} ${text}`, failed });
    this.#showResult();
  }

  #showResult() {
    const result = this.#results.get(this.#mirror.name);
    setText(this.#result, result?.text ?? "");
    this.#result.classList.toggle("failed", result?.failed ?? false);
  }
}

/** The body to send with a command, `undefined` for none; null if the user decided against it. */
function confirmation(command, name, table) {
  switch (command) {
    case "delete":
      return askToDelete(name);
    case "resync":
      return askToResync(name, table);
    default:
      return undefined;
  }
}

async function askToDelete(name) {
  const dialog = byId("delete-dialog");
  setText(part(dialog, "name"), name);
  return (await ask(dialog)) ? undefined : null;
}

async function askToResync(name, table) {
  const dialog = byId("resync-dialog");
  setText(part(dialog, "name"), table ?? name);
  const what = table === null ? "Every table of the mirror" : "The table";
  setText(part(dialog, "text"), `${what} is copied anew from the source, then follows its changes again.`);
  if (!(await ask(dialog))) {
    return null;
  }
  const strategy = dialog.querySelector("input:checked").value;
  return strategy === "" ? undefined : { strategy };
}

/** Shows a dialog; whether it was confirmed. */
function ask(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "confirm"), { once: true });
  });
}
