/** Moments and spans in the reader's zone and language. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export class Dates {
  readonly #time: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;
  readonly #full: Intl.DateTimeFormat;
  readonly #relative: Intl.RelativeTimeFormat;
  readonly #units: (value: number, unit: string) => string;

  constructor(language: string, zone?: string) {
    const at = zone === undefined ? {} : { timeZone: zone };
    this.#time = new Intl.DateTimeFormat(language, { timeStyle: "short", ...at });
    this.#day = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long", ...at });
    this.#full = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short", ...at });
    this.#relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
    this.#units = (value, unit) =>
      new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(value);
  }

  time(at: number): string {
    return this.#time.format(at);
  }

  /** The time without the half of the day, for narrow places. */
  clock(at: number): string {
    const parts = this.#time.formatToParts(at).filter(({ type }) => type !== "dayPeriod");
    return parts
      .map(({ value }) => value)
      .join("")
      .trim();
  }

  full(at: number): string {
    return this.#full.format(at);
  }

  /** Name a day as people do: today, yesterday, or its date. */
  day(at: number, now: number): string {
    const days = Math.round((startOfDay(at) - startOfDay(now)) / DAY);
    return days === 0 || days === -1
      ? capital(this.#relative.format(days, "day"))
      : capital(this.#day.format(at));
  }

  /** Say how long, in its two largest parts: `2 hours 14 minutes`; below a minute in seconds. */
  span(milliseconds: number): string {
    const left = Math.max(0, milliseconds);
    if (left < MINUTE) return this.#units(Math.ceil(left / 1000), "second");
    const [days, hours] = [Math.floor(left / DAY), Math.floor((left % DAY) / HOUR)];
    const minutes = Math.floor((left % HOUR) / MINUTE);
    const parts: [number, string][] = [
      [days, "day"],
      [hours, "hour"],
      [minutes, "minute"],
    ];
    const shown = parts.filter(([value]) => value > 0).slice(0, 2);
    return shown.map(([value, unit]) => this.#units(value, unit)).join(" ");
  }
}

/** Tell whether two moments lie on the same day of the reader's calendar. */
export function sameDay(one: number, other: number): boolean {
  return startOfDay(one) === startOfDay(other);
}

function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
