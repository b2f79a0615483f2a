/** What to do when somebody is in danger, and who helps then; the numbers are read when it is opened. */

import { html, nothing, type TemplateResult } from "lit";
import { until } from "lit/directives/until.js";
import { ApiError, type ConsoleApi } from "../api";
import type { CareWords } from "../words/care";

interface Helpline {
  readonly name: string;
  readonly phone?: string;
  readonly text?: string;
}

const known = new WeakMap<ConsoleApi, Promise<TemplateResult>>();

export function helplines(
  api: ConsoleApi,
  words: CareWords,
  language: string,
  open: boolean,
): TemplateResult {
  return html`<details class="danger-help" ?open=${open}>
    <summary>${words.danger}</summary>
    <p>${words.dangerText}</p>
    ${until(lines(api, words, language), nothing)}
  </details>`;
}

function lines(api: ConsoleApi, words: CareWords, language: string): Promise<TemplateResult> {
  const found = known.get(api) ?? read(api, words, language);
  known.set(api, found);
  return found;
}

async function read(api: ConsoleApi, words: CareWords, language: string): Promise<TemplateResult> {
  try {
    const card = await api.get<{ helplines?: readonly Helpline[] }>("safety/helplines", { language });
    const found = card.helplines ?? [];
    if (!found.length) return html`<p class="hint">${words.noLines}</p>`;
    return html`<ul>${found.map(
      ({
        name,
        phone,
        text,
      }) => html`<li>${name}${phone ? html`: <a href=${`tel:${phone.replace(/[^+\d]/g, "")}`}>${phone}</a>` : nothing}
        ${text ? html`<span>${text}</span>` : nothing}</li>`,
    )}</ul>`;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    known.delete(api); // asked again when it is drawn anew
    return html`<p class="hint">${words.noLines}</p>`;
  }
}
