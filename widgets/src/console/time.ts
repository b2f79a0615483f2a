/** Moments as people say them, in the reader's language and zone. */

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

/** Say how long ago a moment was: "3 minutes ago", "yesterday". Below a minute it is now. */
export function since(at: string | number, language: string, now = Date.now()): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const gone = new Date(at).getTime() - now;
  for (const [unit, length] of STEPS)
    if (Math.abs(gone) >= length) return format.format(Math.trunc(gone / length), unit);
  return format.format(0, "second");
}

/** Say a moment with its date and time, in the reader's zone or in the one given. */
export function moment(at: string | number, language: string, zone?: string): string {
  const options = { dateStyle: "medium", timeStyle: "short", ...(zone ? { timeZone: zone } : {}) } as const;
  return new Intl.DateTimeFormat(language, options).format(new Date(at));
}

/** Say the time of day. */
export function clock(at: string | number, language: string): string {
  return new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(new Date(at));
}
