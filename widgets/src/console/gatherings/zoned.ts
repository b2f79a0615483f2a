/** Dates and times of day in a zone of their own, and the instants they stand for. */

/** What `<input type="date">` and `<input type="time">` hold. */
export interface Wall {
  readonly date: string; // 2026-03-01
  readonly time: string; // 10:00
}

/** Return what the clock on the wall shows in a zone; RangeError for a zone that does not exist. */
export function wallOf(at: number, zone: string): Wall {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  });
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const year = (parts.year ?? "").padStart(4, "0");
  return { date: `${year}-${parts.month}-${parts.day}`, time: `${parts.hour}:${parts.minute}` };
}

/**
 * Return the instant at which the clock on the wall shows this. An hour that the change to summer time leaves out is
 * taken as one hour later, and of an hour that comes twice the first is meant, as calendars do (RFC 5545, 3.3.5).
 */
export function instantOf({ date, time }: Wall, zone: string): number {
  const plain = Date.parse(`${date}T${time}:00Z`);
  const before = plain - offset(plain - 86_400_000, zone);
  const after = plain - offset(plain + 86_400_000, zone);
  for (const guess of [before, after].sort((a, b) => a - b)) {
    const shown = wallOf(guess, zone);
    if (shown.date === date && shown.time === time) return guess;
  }
  return before;
}

/** Return the date so many days later on the calendar; a day that changes the clock is a day as any other. */
export function later(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** Return how many days of the calendar lie between two dates. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}

/** Return how far a zone is ahead of UTC at an instant, in milliseconds. */
function offset(at: number, zone: string): number {
  const { date, time } = wallOf(at, zone);
  return Date.parse(`${date}T${time}:00Z`) - Math.floor(at / 60_000) * 60_000;
}

/** Return the reader's own zone. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
