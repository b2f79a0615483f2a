/** `<narthex-wording>`: the words that others will read, to be changed, with what may say who they are about. */

import { html, nothing, type TemplateResult } from "lit";
import type { TeamRequest } from "../../core/generated";
import { icon } from "../../core/icons";
import { ConsoleElement } from "../view";
import { prayerWords } from "../words/prayers";
import { type Marked, marked, pieces, retyped, without } from "./reword";

const MOST = 5_000; // code points

export class NarthexWording extends ConsoleElement {
  static override properties = {
    request: { attribute: false },
    locked: { type: Boolean },
    wording: { state: true },
    draft: { state: true },
  };

  declare request: TeamRequest;
  /** Somebody else looks at it, so nothing can be changed. */
  declare locked: boolean;
  declare wording: Marked;
  /** What stood in the box when others changed the words behind it. */
  declare draft: string;
  readonly #words = prayerWords[this.language];

  constructor() {
    super();
    this.locked = false;
    this.wording = { text: "", marks: [] };
    this.draft = "";
  }

  /** The wording if it was changed here, else undefined. */
  get changed(): string | undefined {
    const { text } = this.wording;
    return text === publicWords(this.request) ? undefined : text;
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (!changed.has("request")) return;
    const before = changed.get("request") as TeamRequest | undefined;
    const same = before?.id === this.request.id;
    const was = before && publicWords(before);
    if (same && was === publicWords(this.request)) return; // a claim, a note: what is typed stays
    const typed = this.wording.text;
    const lost = same && typed !== was && typed !== publicWords(this.request); // not what was saved just now
    this.draft = lost ? typed : "";
    this.wording = { text: publicWords(this.request), marks: this.request.suggestions ?? [] };
  }

  protected override render(): TemplateResult {
    const words = this.#words;
    const { wording, draft } = this;
    return html`
      <label for="wording">${words.wording}</label>
      <div class="wording">
        <div class="behind" aria-hidden="true">${pieces(wording).map(({ text, mark }) =>
          mark ? html`<mark>${text}</mark>` : text,
        )}&nbsp;</div>
        <textarea id="wording" dir="auto" rows="3" ?readonly=${this.locked} aria-describedby="wording-hint"
          .value=${wording.text} @input=${this.#typed}></textarea>
      </div>
      <p class="hint" id="wording-hint">${words.wordingHint}</p>
      ${this.#found()}
      ${
        draft
          ? html`<details><summary>${words.draft}</summary><p class="words" dir="auto">${draft}</p></details>`
          : nothing
      }
    `;
  }

  #found(): TemplateResult | typeof nothing {
    const words = this.#words;
    const { wording } = this;
    if (!wording.marks.length) return nothing;
    return html`<div class="found" role="group" aria-label=${words.found}>
      <p class="hint">${words.found}</p>
      <ul>${wording.marks.map(
        (mark) => html`<li><button type="button" ?disabled=${this.locked} @click=${() => this.#remove(mark)}
          aria-label=${words.takeOut(marked(wording, mark), words.kinds[mark.kind])}>
          ${icon("close")} <bdi>${marked(wording, mark)}</bdi> <span class="muted">${words.kinds[mark.kind]}</span>
        </button></li>`,
      )}</ul>
    </div>`;
  }

  #remove(mark: Marked["marks"][number]): void {
    const at = this.wording.marks.indexOf(mark);
    this.wording = without(this.wording, mark);
    const left = this.wording.marks.length;
    void this.focusOn(left ? `.found li:nth-child(${Math.min(at + 1, left)}) button` : "#wording");
  }

  #typed = (event: Event): void => {
    const text = (event.target as HTMLTextAreaElement).value;
    this.wording = retyped(this.wording, Array.from(text).slice(0, MOST).join(""));
  };
}

/** Return what others read of a request. */
export function publicWords(request: TeamRequest): string {
  return request.public_body || request.body;
}
