/** The floating launchers of a page stand above one another, each in a row of its own. */

const taken: boolean[] = [];
let top = 2147483000; // style.ts has the same; browsers know no more than 2147483647

/** Take the lowest free row. */
export function takeRow(): number {
  let row = 0;
  while (taken[row]) row++;
  taken[row] = true;
  return row;
}

/** Give a row back to whoever comes next. */
export function freeRow(row: number): void {
  taken[row] = false;
}

/** Return the level of what was opened last: over all launchers, and over what was opened before. */
export function raised(): string {
  return String(++top);
}
