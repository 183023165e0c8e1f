/** A line over the last minutes, drawn as SVG. */

import { SPAN } from "./history.js";
import { setAttribute, setText } from "./dom.js";
import { timeOfDay } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 150;
const LEFT = 58; // room for the scale's numbers
const RIGHT = 10;
const TOP = 10;
const BOTTOM = 24; // room for the times
const GAP = 20_000; // milliseconds without a sample, beyond which no line is drawn

/** One chart with its summary in words, which is also what a screen reader has of it. */
export class LagChart {
  #svg;
  #summary;
  #name;
  #value;
  #format;
  #least;
  #levels;
  #times;
  #area = shape("path", "area");
  #line = shape("path", "line");
  #pauses = shape("path", "pauses");

  /**
   * @param svg where it is drawn
   * @param summary where it is said in words
   * @param options name; value of a sample, or null; format of a value; least end of the scale
   */
  constructor(svg, summary, { name, value, format, least }) {
    this.#svg = svg;
    this.#summary = summary;
    this.#name = name;
    this.#value = value;
    this.#format = format;
    this.#least = least;
    this.#levels = [0, 0.5, 1].map((share) => ({ share, grid: shape("line", "grid"), text: shape("text", "tick") }));
    this.#times = [5, 4, 3, 2, 1, 0].map((minutes) => ({ minutes, text: shape("text", "minute") }));
    const labels = [...this.#levels.flatMap(({ grid, text }) => [grid, text]), ...this.#times.map(({ text }) => text)];
    svg.append(...labels, this.#area, this.#line, this.#pauses);
  }

  /** Draws a mirror's samples, the time given being the right edge. */
  draw(samples, now) {
    const width = Math.max(this.#svg.clientWidth, 200);
    const shown = samples.filter((sample) => sample.at >= now - SPAN);
    const highest = this.#highest(shown);
    const end = scaleEnd(highest === null ? 0 : this.#value(highest), this.#least);
    const x = (at) => round(LEFT + ((at - now + SPAN) / SPAN) * (width - LEFT - RIGHT));
    const y = (value) => round(HEIGHT - BOTTOM - (value / end) * (HEIGHT - TOP - BOTTOM));
    setAttribute(this.#svg, "viewBox", `0 0 ${width} ${HEIGHT}`);
    this.#drawScale(width, end, y);
    this.#drawTimes(width, now, x);
    this.#drawLine(shown, x, y);
    this.#describe(highest);
  }

  #drawScale(width, end, y) {
    for (const { share, grid, text } of this.#levels) {
      const at = y(share * end);
      place(grid, { x1: LEFT, x2: width - RIGHT, y1: at, y2: at });
      place(text, { x: LEFT - 8, y: at + 4 });
      setText(text, this.#format(share * end));
    }
  }

  #drawTimes(width, now, x) {
    for (const { minutes, text } of this.#times) {
      place(text, { x: x(now - minutes * 60_000), y: HEIGHT - 6 });
      const isShown = width > 420 || minutes === 0 || minutes === 5;
      const label = minutes === 0 ? "now" : `−${minutes} min`;
      setText(text, isShown ? label : "");
      setAttribute(text, "class", `minute${minutes === 0 ? " last" : ""}`);
    }
  }

  #drawLine(samples, x, y) {
    let line = "";
    let area = "";
    let pauses = "";
    let before = null; // the sample that the line has come to
    for (const sample of samples) {
      const value = this.#value(sample);
      if (value === null) {
        area += closed(before, x, y);
        before = null;
        continue;
      }
      const joins = before !== null && sample.at - before.at <= GAP;
      const point = `${x(sample.at)} ${y(value)}`;
      if (joins) {
        line += `L${point}`;
        area += `L${point}`;
        if (sample.paused && before.paused) {
          pauses += `M${x(before.at)} ${y(0)}H${x(sample.at)}`;
        }
      } else {
        line += `M${point}`;
        area += `${closed(before, x, y)}M${x(sample.at)} ${y(0)}L${point}`;
      }
      before = sample;
    }
    setAttribute(this.#line, "d", line);
    setAttribute(this.#area, "d", area + closed(before, x, y));
    setAttribute(this.#pauses, "d", pauses);
  }

  #highest(samples) {
    let highest = null;
    for (const sample of samples) {
      const value = this.#value(sample);
      if (value !== null && (highest === null || value > this.#value(highest))) {
        highest = sample;
      }
    }
    return highest;
  }

  #describe(highest) {
    const text =
      highest === null
        ? "not known yet"
        : `highest in 5 minutes ${this.#format(this.#value(highest))}, at ${timeOfDay(new Date(highest.at))}`;
    setText(this.#summary, text);
    setAttribute(this.#svg, "aria-label", `${this.#name}, as a line over 5 minutes: ${text}`);
  }
}

/** The end of an area under a line. */
function closed(last, x, y) {
  return last === null ? "" : `L${x(last.at)} ${y(0)}Z`;
}

/** The first of 1, 2, 5, 10, 20, 50 ... times the least end that holds a value. */
function scaleEnd(value, least) {
  for (let step = least; ; step *= 10) {
    const factor = [1, 2, 5].find((each) => each * step >= value);
    if (factor !== undefined) {
      return factor * step;
    }
  }
}

function shape(name, className) {
  const node = document.createElementNS(SVG, name);
  node.setAttribute("class", className);
  return node;
}

function place(node, attributes) {
  Object.entries(attributes).forEach(([name, value]) => setAttribute(node, name, String(value)));
}

function round(value) {
  return Math.round(value * 10) / 10;
}
