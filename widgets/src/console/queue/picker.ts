/** `<narthex-picker>`: choose a saved reply, to be put where one writes. */

import { html, nothing, type TemplateResult } from "lit";
import type { PhraseShown } from "../../core/generated";
import { ApiError, AT, type ConsoleApi } from "../api";
import { ConsoleElement } from "../view";
import { queueWords } from "../words/queue";

/** Fired with the words that were chosen. */
export class Picked extends Event {
  constructor(readonly text: string) {
    super("picked");
  }
}

export class NarthexPicker extends ConsoleElement {
  static override properties = {
    api: { attribute: false },
    shortcut: {},
    phrases: { state: true },
  };

  declare api: ConsoleApi;
  declare shortcut: string;
  declare phrases: readonly PhraseShown[];
  readonly #words = queueWords[this.language];

  constructor() {
    super();
    this.shortcut = "";
    this.phrases = [];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  async #load(): Promise<void> {
    try {
      this.phrases = await this.api.get<PhraseShown[]>(AT.phrases);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // without them one writes by oneself
    }
  }

  protected override render(): TemplateResult | typeof nothing {
    const words = this.#words;
    if (!this.phrases.length) return nothing;
    return html`<select aria-label=${words.saved} @change=${this.#chosen}>
      <option value="">${words.saved}${this.shortcut ? ` (${this.shortcut})` : "…"}</option>
      ${this.phrases.map(({ id, title }) => html`<option value=${id}>${title}</option>`)}
    </select>`;
  }

  #chosen = (event: Event): void => {
    const box = event.target as HTMLSelectElement;
    const phrase = this.phrases.find(({ id }) => id === box.value);
    box.value = "";
    if (!phrase) return;
    const { body, scripture } = phrase;
    this.dispatchEvent(new Picked(scripture ? `${body} (${scripture})` : body));
  };
}
