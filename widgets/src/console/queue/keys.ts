/** All keys of the queue, in a dialog. */

import { html, type TemplateResult } from "lit";
import type { QueueWords } from "../words/queue";

const SHOWN: Record<keyof QueueWords["does"], string> = {
  j: "J ↓",
  k: "K ↑",
  a: "A",
  d: "D",
  p: "P",
  u: "U",
  n: "N",
  r: "R",
  e: "E",
  esc: "Esc",
  help: "?",
};

export function keysDialog(words: QueueWords): TemplateResult {
  const rows = Object.entries(SHOWN) as [keyof QueueWords["does"], string][];
  return html`<dialog class="keys-dialog" aria-labelledby="keys-title">
    <h2 id="keys-title">${words.keysTitle}</h2>
    <p class="hint">${words.keysHint}</p>
    <dl>${rows.map(([key, shown]) => html`<div><dt><kbd>${shown}</kbd></dt><dd>${words.does[key]}</dd></div>`)}</dl>
    <form method="dialog"><button class="strong">${words.close}</button></form>
  </dialog>`;
}
