/** From one page to the next, as when a browser follows a link: what was there goes, and one reads on from the title. */

import type { LitElement } from "lit";

let turned = false;

/** Show a page of ours instead of the one before; the first one leaves the focus where the reader has it. */
export function show(element: LitElement): void {
  for (const other of document.body.querySelectorAll(":scope > :not(.closer)")) other.remove();
  document.body.append(element);
  if (turned) void element.updateComplete.then(() => element.querySelector<HTMLElement>("h1")?.focus());
  turned = true;
}
