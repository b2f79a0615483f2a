/** What the console's elements share: they render into the page itself, so that password managers see the form. */

import { html, LitElement, nothing, type TemplateResult } from "lit";
import { chooseLanguage, type Language } from "../core/language";
import { ApiError } from "./api";
import { type Messages, messages } from "./messages";

export abstract class ConsoleElement extends LitElement {
  protected readonly language: Language = chooseLanguage([document.documentElement.lang]);
  protected readonly say: Messages = messages[this.language];

  protected override createRenderRoot(): this {
    return this;
  }

  /** Move the focus to the first element that matches, once this render is on the page. */
  protected async focusOn(selector: string): Promise<void> {
    await this.updateComplete;
    this.querySelector<HTMLElement>(selector)?.focus();
  }

  /** Say in a sentence why something was not done; what is no refusal is a fault of ours and thrown on. */
  protected why(error: unknown): string {
    if (!(error instanceof ApiError)) throw error;
    const { say } = this;
    if (error.offline) return say.offline;
    if (error.status === 429) return say.tooMany(error.retryAfterSeconds);
    const known = say.codes[error.code];
    if (known) return known;
    return error.status < 500 && error.detail ? error.detail : say.failed;
  }
}

/** Draw a sentence that says what went wrong, read out at once; nothing for an empty one. */
export function alert(sentence: string): TemplateResult | typeof nothing {
  return sentence ? html`<p class="alert" role="alert">${sentence}</p>` : nothing;
}

/** Draw a sentence that says what was done, read out when there is time. The place stays, so that it is heard. */
export function notice(sentence: string): TemplateResult {
  return html`<div role="status">${sentence ? html`<p class="notice">${sentence}</p>` : nothing}</div>`;
}

/** Draw the shape of a list to come; it appears only after 300 ms, so a quick answer never flickers. */
export function bones(label: string, lines = 4): TemplateResult {
  return html`
    <div class="skeleton" role="status" aria-label=${label}>
      <span class="bone title"></span>
      ${Array.from({ length: lines }, () => html`<span class="bone field"></span>`)}
    </div>
  `;
}
