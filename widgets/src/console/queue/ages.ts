/** How long something has waited, as short as it can be said. */

const STEPS: readonly [Intl.NumberFormatOptions["unit"], number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

/** Say an age in its largest unit: "12 min"; below a minute in seconds. */
export function age(at: string, language: string, now = Date.now()): string {
  const gone = Math.max(0, now - Date.parse(at));
  const [unit, length] = STEPS.find(([, one]) => gone >= one) ?? ["second", 1_000];
  const format = new Intl.NumberFormat(language, {
    style: "unit",
    unit: unit ?? "second",
    unitDisplay: "short",
  });
  return format.format(Math.floor(gone / length));
}

/** Say a span of seconds in its largest unit; a long dash for one that is not known. */
export function span(seconds: number | null | undefined, language: string): string {
  if (seconds === null || seconds === undefined) return "–";
  return age(new Date(0).toISOString(), language, seconds * 1_000);
}
