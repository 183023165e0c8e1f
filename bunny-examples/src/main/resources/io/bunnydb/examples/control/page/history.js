/** The lag of each mirror over the last minutes, as it was sampled. */

/** How far back samples are kept, in milliseconds. */
export const SPAN = 5 * 60_000;

/** Samples of all mirrors: `{at, seconds, bytes, paused}`, the oldest first. */
export class LagHistory {
  #samples = new Map();

  /** Adds a sample of each mirror and forgets what is too old, and mirrors that are gone. */
  add(mirrors, at) {
    const samples = new Map();
    for (const mirror of mirrors) {
      const kept = this.of(mirror.name).filter((sample) => sample.at >= at - SPAN - 5_000);
      kept.push({
        at,
        seconds: known(mirror.lag_seconds),
        bytes: known(mirror.lag_bytes),
        paused: mirror.status === "PAUSED",
      });
      samples.set(mirror.name, kept);
    }
    this.#samples = samples;
  }

  /** The samples of one mirror. */
  of(name) {
    return this.#samples.get(name) ?? [];
  }
}

function known(value) {
  return typeof value === "number" && value >= 0 ? value : null;
}
