/** The floating launchers of a page stand above one another, each in a row of its own. */

const taken: boolean[] = [];

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
