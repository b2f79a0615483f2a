/** Helplines for who is in need: of the church's country, fetched when they are needed and never before. */

import { html, nothing, type TemplateResult } from "lit";
import type { Http } from "./http";

export interface Helpline {
  readonly name: string;
  readonly phone?: string;
  readonly text?: string;
  readonly url?: string;
  readonly hours?: string;
}

/** Return the helplines for a kind of need; none when nobody answers, for the sentence above them stands by itself. */
export async function helplines(http: Http, kind: string, language: string): Promise<readonly Helpline[]> {
  const query = new URLSearchParams({ kind, language });
  const card = await http
    .get<{ helplines?: readonly Helpline[] }>(`/safety/helplines?${query}`)
    .catch(() => null);
  return card?.helplines ?? [];
}

/** Draw helplines: a tap calls. */
export function callable(lines: readonly Helpline[]): TemplateResult | typeof nothing {
  if (lines.length === 0) return nothing;
  return html`<ul>${lines.map(
    ({ name, phone, text, url, hours }) => html`<li><strong>${name}</strong>
      ${phone ? html`<a class="secondary" href=${`tel:${phone.replaceAll(/[^\d+*]/g, "")}`}>${phone}</a>` : nothing}
      ${text ? html`<span>${text}</span>` : nothing}
      ${url ? html`<span dir="ltr">${url}</span>` : nothing}
      ${hours ? html`<small>${hours}</small>` : nothing}</li>`,
  )}</ul>`;
}
