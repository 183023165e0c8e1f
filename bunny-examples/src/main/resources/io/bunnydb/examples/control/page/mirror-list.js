/** The list of mirrors, and which of them is shown: the one that the address names. */

import { byId, part, reconcile, setAttribute, setText } from "./dom.js";
import { duration, words } from "./format.js";

const PREFIX = "#/";

/** The name in the page's address, or null. */
export function nameInAddress() {
  const hash = window.location.hash;
  return hash.startsWith(PREFIX) ? decodeURIComponent(hash.slice(PREFIX.length)) : null;
}

/** The mirror that is shown: the one in the address if there is one, else the first, else null. */
export function shownOf(mirrors) {
  return mirrors.find((mirror) => mirror.name === nameInAddress()) ?? mirrors[0] ?? null;
}

/** Shows the list. */
export function showMirrorList(mirrors, shown) {
  reconcile(byId("mirror-list"), mirrors, (mirror) => mirror.name, "mirror-item", (item, mirror) => {
    const link = item.firstElementChild;
    setAttribute(link, "href", PREFIX + encodeURIComponent(mirror.name));
    setAttribute(link, "aria-current", mirror === shown ? "page" : null);
    setText(part(item, "name"), mirror.name);
    setText(part(item, "state"), stateInWords(mirror));
    setAttribute(link.querySelector(".badge"), "data-tone", tone(mirror));
    setText(part(item, "lag"), `lag ${duration(mirror.lag_seconds)}`);
  });
}

/** A mirror's state with what an error adds to it: `paused by an error`. */
export function stateInWords(mirror) {
  const state = words(mirror.status);
  if (!mirror.error) {
    return state;
  }
  return mirror.status === "PAUSED" ? "paused by an error" : `${state}, with an error`;
}

/** How a state looks: good, busy, held, bad or over. */
export function tone(mirror) {
  switch (mirror.status) {
    case "RUNNING":
      return mirror.error ? "bad" : "good";
    case "PAUSED":
      return mirror.error ? "bad" : "held";
    case "FAILED":
      return "bad";
    case "TERMINATED":
      return "over";
    default:
      return "busy";
  }
}
