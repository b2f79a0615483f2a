/** For somebody whose words sound like great need: kind, plain, and never closed by itself. */

import { html, type TemplateResult } from "lit";
import { callable, type Helpline } from "../core/helplines";
import type { Speech } from "./speech";

export function care(lines: readonly Helpline[], { say }: Speech): TemplateResult {
  return html`<section class="care" role="alert" aria-labelledby="care-title">
    <h2 id="care-title">${say("careTitle")}</h2>
    <p>${say("careText")}</p>
    ${callable(lines)}
    <p><strong>${say("careNow")}</strong></p>
  </section>`;
}
