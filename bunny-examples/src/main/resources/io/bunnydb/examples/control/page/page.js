/**
 * The page's life: sign in, then ask for all mirrors once a second and show them, until the token
 * is given up.
 */

import { Api } from "./api.js";
import { Commands } from "./commands.js";
import { announce, byId, setAttribute, setText } from "./dom.js";
import { EventLog } from "./event-log.js";
import { timeOfDay } from "./format.js";
import { LagHistory } from "./history.js";
import { MappingEditor } from "./mapping-editor.js";
import { shownOf, showMirrorList, stateInWords } from "./mirror-list.js";
import { MirrorView } from "./mirror-view.js";
import { askForToken, forgetToken, keepToken, keptToken } from "./sign-in.js";
import { TableList } from "./table-list.js";

const INTERVAL = 1_000; // milliseconds between an answer and the next question
const HIDDEN_INTERVAL = 10_000; // the same while nobody looks
const LATE = 4_000; // milliseconds without an answer, after which what is shown is marked as old

let api = null;
let mirrors = null; // as last answered; null before the first answer
let answeredAt = 0;
let hasFailed = false;
let states = new Map(); // each mirror's state in words, to tell what has changed
let wake = () => {}; // ends the wait for the next question

const history = new LagHistory();
const view = new MirrorView();
const commands = new Commands(send);
const tables = new TableList(commands);
const editor = new MappingEditor(() => api);
const log = new EventLog(() => api);

async function send(name, command, body) {
  try {
    return await (command === "delete" ? api.remove(name) : api.command(name, command, body));
  } finally {
    wake();
  }
}

function begin(token) {
  api = new Api(token);
  follow(api, token);
}

/** Asks again and again, for as long as the token is in use. */
async function follow(ours, token) {
  while (api === ours) {
    await ask(ours, token);
    await new Promise((resolve) => {
      wake = resolve;
      setTimeout(resolve, document.hidden ? HIDDEN_INTERVAL : INTERVAL);
    });
  }
}

async function ask(ours, token) {
  try {
    const answer = await ours.mirrors();
    if (api !== ours) {
      return;
    }
    accept(answer, token);
  } catch (e) {
    if (api !== ours) {
      return;
    }
    if (e.status === 401) {
      end("The server does not know this token.");
      return;
    }
    if (mirrors === null && (keptToken() === null || e.status !== 0)) {
      end(e.message);
      return;
    }
    hasFailed = true;
  }
  show();
  logOfShown();
}

function accept(answer, token) {
  if (mirrors === null) {
    keepToken(token);
    byId("sign-in").hidden = true;
    byId("workspace").hidden = false;
    byId("sign-out").hidden = false;
  }
  mirrors = answer;
  hasFailed = false;
  answeredAt = Date.now();
  history.add(mirrors, answeredAt);
  tellChanges();
}

/** Has the states that are new read out. */
function tellChanges() {
  const present = new Map(mirrors.map((mirror) => [mirror.name, stateInWords(mirror)]));
  const changed = [...present].filter(([name, state]) => states.has(name) && states.get(name) !== state);
  const gone = [...states.keys()].filter((name) => !present.has(name)).map((name) => [name, "deleted"]);
  const news = [...changed, ...gone];
  if (news.length > 0) {
    announce(news.map(([name, state]) => `${name}: ${state}`).join("; "));
  }
  states = present;
}

/** Shows what is known. */
function show() {
  if (mirrors === null) {
    setText(byId("connection-text"), hasFailed ? "The server does not answer" : "Not signed in");
    return;
  }
  const stale = hasFailed || Date.now() - answeredAt > LATE;
  showConnection(stale);
  const shown = shownOf(mirrors);
  showMirrorList(mirrors, shown);
  byId("nothing").hidden = shown !== null;
  byId("mirror").hidden = shown === null;
  document.title = shown === null ? "Bunny" : `${shown.name}: ${stateInWords(shown)} – Bunny`;
  if (shown !== null) {
    const access = { readOnly: api.isReadOnly, stale };
    view.update(shown, history.of(shown.name), Date.now());
    commands.update(shown, access);
    tables.update(shown);
    editor.update(shown, access);
  }
}

function logOfShown() {
  const shown = shownOf(mirrors ?? []);
  if (shown !== null) {
    log.update(shown);
  }
}

function showConnection(stale) {
  const was = byId("connection").dataset.link;
  const is = stale ? "stale" : "live";
  const time = timeOfDay(new Date(answeredAt));
  const text = stale ? `No answer. Shown is how it was at ${time}` : `Live, ${time}`;
  setText(byId("connection-text"), text);
  setAttribute(byId("connection"), "data-link", is);
  document.body.classList.toggle("stale", stale);
  if (stale && was === "live") {
    announce(`The server does not answer. ${text}.`);
  } else if (!stale && was === "stale") {
    announce("The server answers again.");
  }
}

/** Gives the token up and asks for one. */
function end(message) {
  api = null;
  mirrors = null;
  hasFailed = false;
  states = new Map();
  forgetToken();
  commands.clear();
  editor.clear();
  log.clear();
  document.title = "Bunny";
  document.body.classList.remove("stale");
  byId("workspace").hidden = true;
  byId("sign-out").hidden = true;
  setText(byId("connection-text"), "Not signed in");
  setAttribute(byId("connection"), "data-link", "none");
  askForToken(message, begin);
  wake();
}

byId("sign-out").addEventListener("click", () => end(""));
window.addEventListener("resize", show);
window.addEventListener("hashchange", () => {
  show();
  logOfShown();
});
document.addEventListener("visibilitychange", () => wake());
setInterval(() => {
  if (mirrors !== null && Date.now() - answeredAt > LATE) {
    show();
  }
}, INTERVAL);

const token = keptToken();
if (token === null) {
  askForToken("", begin);
} else {
  begin(token);
}
