/** The week that is shown, day by day; pure. */

import type { ShiftShown } from "../../core/generated";

export const DAYS = 7;

/** Return the Monday, at midnight of the reader, of the week `weeks` from now. */
export function monday(now: number, weeks: number): Date {
  const day = new Date(now);
  day.setHours(0, 0, 0, 0);
  day.setDate(day.getDate() - ((day.getDay() + 6) % DAYS) + weeks * DAYS);
  return day;
}

/** Return how many weeks from now a moment is. */
export function weekOf(now: number, at: number): number {
  return Math.round((monday(at, 0).getTime() - monday(now, 0).getTime()) / (DAYS * 86_400_000));
}

/** Return the seven days from a Monday on; a day has not always 24 hours. */
export function daysFrom(start: Date): readonly Date[] {
  return Array.from({ length: DAYS + 1 }, (_, day) => {
    const at = new Date(start);
    at.setDate(at.getDate() + day);
    return at;
  });
}

/** Return the shifts that begin on a day. */
export function on(shifts: readonly ShiftShown[], from: Date, to: Date): readonly ShiftShown[] {
  return shifts.filter(({ starts_at }) => {
    const at = Date.parse(starts_at);
    return at >= from.getTime() && at < to.getTime();
  });
}

/** Return the first of a shift's times among these: what is removed is the whole of a weekly one. */
export function first(shift: ShiftShown, among: readonly ShiftShown[]): ShiftShown {
  const same = among.filter(({ id }) => id === shift.id);
  return same.reduce((a, b) => (Date.parse(b.starts_at) < Date.parse(a.starts_at) ? b : a), shift);
}
