/** What is shown of one mirror, besides its tables, mappings and log. */

import { LagChart } from "./chart.js";
import { byId, setAttribute, setFacts, setText } from "./dom.js";
import { bytes, count, dateTime, duration, timeOfDay, words } from "./format.js";
import { tone } from "./mirror-list.js";

const PHASES = { SNAPSHOT: "first copy", CDC: "following changes" };

/** The head of the page's main part: state, error, lag. */
export class MirrorView {
  #seconds = new LagChart(byId("lag-seconds-chart"), byId("lag-seconds-summary"), {
    name: "Time behind the source",
    value: (sample) => sample.seconds,
    format: duration,
    least: 1,
  });
  #bytes = new LagChart(byId("lag-bytes-chart"), byId("lag-bytes-summary"), {
    name: "Log not applied yet",
    value: (sample) => sample.bytes,
    format: bytes,
    least: 1000,
  });

  /** Shows a mirror with its samples, as of a time in milliseconds. */
  update(mirror, samples, at) {
    setText(byId("mirror-name"), mirror.name);
    setText(byId("mirror-state-text"), mirror.status.replaceAll("_", " "));
    setAttribute(byId("mirror-state"), "data-tone", tone(mirror));
    setText(byId("mirror-phase"), PHASES[mirror.current_phase] ?? mirror.current_phase);
    setText(byId("mirror-peers"), `${mirror.source_peer} → ${mirror.destination_peer}`);
    this.#updateError(mirror);
    const newest = samples.at(-1);
    setText(byId("lag-seconds"), duration(newest?.seconds));
    setText(byId("lag-bytes"), bytes(newest?.bytes));
    this.#seconds.draw(samples, at);
    this.#bytes.draw(samples, at);
    setFacts(byId("facts"), [
      ["Applied up to", mirror.last_lsn],
      ["Log kept on the source", mirror.retained_wal_bytes === undefined ? null : bytes(mirror.retained_wal_bytes)],
      ["Slot", mirror.slot_name],
      ["Publication", mirror.publication_name],
    ]);
  }

  #updateError(mirror) {
    byId("error").hidden = !mirror.error;
    if (mirror.error) {
      setText(byId("error-heading"), errorHeading(mirror));
      setText(byId("error-text"), mirror.error);
      setFacts(byId("error-facts"), errorFacts(mirror));
    }
  }
}

/** What the server tells of an error besides its message; nothing of a mirror that is not started. */
function errorFacts({ status, failure }) {
  if (failure === undefined) {
    return [];
  }
  const triesAgain = status !== "PAUSED" && status !== "FAILED";
  const next = failure.next_attempt === undefined ? "under way" : timeOfDay(new Date(failure.next_attempt));
  return [
    ["Kind", words(failure.kind)],
    ["Table", failure.table],
    ["Position", failure.lsn],
    ["SQLSTATE", failure.sql_state],
    ["Since", dateTime(new Date(failure.since))],
    ["Failed attempts", count(failure.attempts)],
    ["Next attempt", triesAgain ? next : "by Resume or Retry"],
  ];
}

function errorHeading(mirror) {
  switch (mirror.status) {
    case "PAUSED":
      return "Paused by an error";
    case "FAILED":
      return "The set-up failed";
    case "CREATED":
      return "Not started yet; it is tried again by itself";
    default:
      return "An error; it tries again by itself";
  }
}
