/** How numbers and times are written; what is not known is a dash. */

const UNKNOWN = "–";
const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];
const COUNT = new Intl.NumberFormat("en");

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** A number of bytes: `15.4 kB`. */
export function bytes(value) {
  if (!isNumber(value)) {
    return UNKNOWN;
  }
  let unit = 0;
  let scaled = value;
  while (scaled >= 999.95 && unit < UNITS.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return `${unit === 0 ? Math.round(scaled) : scaled.toFixed(scaled < 100 ? 1 : 0)} ${UNITS[unit]}`;
}

/** A number of seconds: `0.4 s`, `42 s`, `3 min 20 s`, `2 h 05 min`, `4 d 3 h`. */
export function duration(value) {
  if (!isNumber(value)) {
    return UNKNOWN;
  }
  if (value < 9.95) {
    return `${value.toFixed(1)} s`;
  }
  const seconds = Math.round(value);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const twoDigits = (number) => String(number).padStart(2, "0");
  if (minutes === 0) {
    return `${seconds} s`;
  }
  if (hours === 0) {
    return `${minutes} min ${twoDigits(seconds % 60)} s`;
  }
  return hours < 48
    ? `${hours} h ${twoDigits(minutes % 60)} min`
    : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A count: `1,234,567`. */
export function count(value) {
  return isNumber(value) ? COUNT.format(value) : UNKNOWN;
}

/** A time of day on this machine: `14:03:22`. */
export function timeOfDay(date) {
  return date.toLocaleTimeString("en-GB");
}

/** Date and time on this machine: `2026-05-01 14:03:22`. */
export function dateTime(date) {
  const twoDigits = (number) => String(number).padStart(2, "0");
  const day = [date.getFullYear(), twoDigits(date.getMonth() + 1), twoDigits(date.getDate())];
  return `${day.join("-")} ${timeOfDay(date)}`;
}

/** A status as words: `setting up`. */
export function words(status) {
  return status.toLowerCase().replaceAll("_", " ");
}
