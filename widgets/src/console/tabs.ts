/** A row of buttons, one of which is pressed: the parts of a page. */

import { html, type TemplateResult } from "lit";

export function tabs<Name extends string>(
  names: readonly Name[],
  labels: Readonly<Record<Name, string>>,
  chosen: Name,
  choose: (name: Name) => void,
): TemplateResult {
  return html`<div class="row tabs parts">${names.map(
    (name) => html`<button aria-pressed=${name === chosen} data-tab=${name} @click=${() => choose(name)}>
      ${labels[name]}</button>`,
  )}</div>`;
}
