/** The log of the mirror that is shown: newest first, page by page, filtered and searched. */

import { byId, part, reasonAgainst, reconcile, setAttribute, setFacts, setPossible, setText } from "./dom.js";
import { count, dateTime } from "./format.js";

const PAGE = 20;
const TYPING = 300; // milliseconds that a search waits for the next letter

/** The log's section of the page. */
export class EventLog {
  #api;
  #name = null;
  #offset = 0;
  #total = 0;
  #asked = 0; // numbers the questions; an answer to any but the last is late
  #typing = 0;

  /** @param api gives the present {@link Api} */
  constructor(api) {
    this.#api = api;
    byId("log-filter").addEventListener("submit", (event) => event.preventDefault());
    byId("log-level").addEventListener("change", () => this.#goTo(0));
    byId("log-search").addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.#goTo(0), TYPING);
    });
    byId("log-newer").addEventListener("click", (event) => this.#turn(event.currentTarget, -PAGE));
    byId("log-older").addEventListener("click", (event) => this.#turn(event.currentTarget, PAGE));
  }

  /** Shows a mirror's log; the first page follows what happens, others stay as they are. */
  update(mirror) {
    if (mirror.name !== this.#name) {
      this.#name = mirror.name;
      this.#goTo(0);
    } else if (this.#offset === 0) {
      this.#load();
    }
  }

  /** Forgets everything. */
  clear() {
    this.#name = null;
  }

  #turn(button, by) {
    if (reasonAgainst(button) === null) {
      this.#goTo(this.#offset + by);
    }
  }

  #goTo(offset) {
    this.#offset = Math.max(offset, 0);
    this.#load();
  }

  async #load() {
    const question = ++this.#asked;
    const query = { limit: PAGE, offset: this.#offset };
    const level = byId("log-level").value;
    const search = byId("log-search").value.trim();
    if (level !== "") {
      query.level = level;
    }
    if (search !== "") {
      query.search = search;
    }
    try {
      const page = await this.#api().log(this.#name, query);
      if (question === this.#asked) {
        this.#show(page);
      }
    } catch (e) {
      if (question === this.#asked && e.status !== 0) {
        setText(byId("log-error"), e.message);
      }
    }
  }

  #show(page) {
    this.#total = page.total;
    setText(byId("log-error"), "");
    reconcile(byId("log-rows"), page.logs, (entry) => entry.id, "log-row", showEntry);
    setText(byId("log-range"), this.#range(page.logs.length));
    setPossible(byId("log-newer"), this.#offset === 0 ? "These are the newest." : null);
    const isLast = this.#offset + page.logs.length >= this.#total;
    setPossible(byId("log-older"), isLast ? "There are none older." : null);
  }

  #range(length) {
    if (length === 0) {
      return "Nothing found";
    }
    return `${count(this.#offset + 1)} to ${count(this.#offset + length)} of ${count(this.#total)}`;
  }
}

function showEntry(row, entry) {
  const created = new Date(entry.created_at);
  setText(part(row, "time"), dateTime(created));
  setAttribute(part(row, "time"), "datetime", entry.created_at);
  setText(part(row, "level"), entry.level);
  setAttribute(part(row, "level"), "data-level", entry.level);
  setText(part(row, "message"), entry.message);
  const facts = Object.entries(entry.details ?? {});
  part(row, "details").hidden = facts.length === 0;
  setFacts(part(row, "facts"), facts);
}
