/** The token: asked for once, then kept by the browser until the tab is closed. */

import { byId, setText } from "./dom.js";

const KEY = "bunny-token";

/** The token that this tab has, or null. */
export function keptToken() {
  return window.sessionStorage.getItem(KEY);
}

/** Keeps a token for this tab. */
export function keepToken(token) {
  window.sessionStorage.setItem(KEY, token);
}

/** Forgets the token. */
export function forgetToken() {
  window.sessionStorage.removeItem(KEY);
}

/** Asks for a token; `message` says why, and may be empty. `onToken` is called with what was entered. */
export function askForToken(message, onToken) {
  setText(byId("sign-in-error"), message);
  byId("sign-in").hidden = false;
  byId("token").focus();
  byId("sign-in-form").onsubmit = (event) => {
    event.preventDefault();
    const token = byId("token").value.trim();
    byId("token").value = "";
    setText(byId("sign-in-error"), "");
    onToken(token);
  };
}
