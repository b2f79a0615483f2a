/** A wording with the places in it that may say who it is about; places are of code points, and move with the text. */

import type { Suggestion } from "../../core/generated";

export interface Marked {
  readonly text: string;
  readonly marks: readonly Suggestion[];
}

export interface Piece {
  readonly text: string;
  readonly mark?: Suggestion;
}

/** Return the text in pieces, those that are marked with their mark. */
export function pieces({ text, marks }: Marked): Piece[] {
  const points = Array.from(text);
  const found: Piece[] = [];
  let at = 0;
  for (const mark of marks) {
    if (mark.start > at) found.push({ text: points.slice(at, mark.start).join("") });
    found.push({ text: points.slice(mark.start, mark.end).join(""), mark });
    at = mark.end;
  }
  if (at < points.length) found.push({ text: points.slice(at).join("") });
  return found;
}

/** Return the words that are marked. */
export function marked({ text }: Marked, { start, end }: Suggestion): string {
  return Array.from(text).slice(start, end).join("");
}

/** Take marked words out, with the gap that they would leave. */
export function without(wording: Marked, mark: Suggestion): Marked {
  const points = Array.from(wording.text);
  let { start, end } = mark;
  const [before, after] = [points[start - 1], points[end]];
  if (before === " " && (after === undefined || /[\s.,;:!?)]/u.test(after))) start -= 1;
  else if (before === undefined && after === " ") end += 1;
  return replaced(wording, start, end, []);
}

/** Take the text as it was typed anew: marks outside of what changed move with it, those inside are gone. */
export function retyped(wording: Marked, text: string): Marked {
  const [old, now] = [Array.from(wording.text), Array.from(text)];
  const most = Math.min(old.length, now.length);
  let front = 0;
  while (front < most && old[front] === now[front]) front += 1;
  let back = 0;
  while (back < most - front && old[old.length - 1 - back] === now[now.length - 1 - back]) back += 1;
  return replaced(wording, front, old.length - back, now.slice(front, now.length - back));
}

function replaced({ text, marks }: Marked, start: number, end: number, by: readonly string[]): Marked {
  const points = Array.from(text);
  points.splice(start, end - start, ...by);
  const moved = by.length - (end - start);
  const left = marks.filter((mark) => mark.end <= start || mark.start >= end);
  return {
    text: points.join(""),
    marks: left.map((mark) =>
      mark.start >= end ? { ...mark, start: mark.start + moved, end: mark.end + moved } : mark,
    ),
  };
}
