/** `<narthex-preview>`: the church's chat itself, in a phone's size, dressed and worded as the forms stand. */

import { html, type TemplateResult } from "lit";
import { BRIDGE_VERSION, type Init } from "../../core/bridge";
import type { OwnTexts } from "../../core/speech";
import type { Theme } from "../../core/theme";
import { ConsoleElement } from "../view";
import { websiteWords } from "../words/website";

const PAUSE_MS = 150; // while somebody drags a colour the frame is dressed only so often

export class NarthexPreview extends ConsoleElement {
  static override properties = {
    slug: {},
    theme: { attribute: false },
    texts: { attribute: false },
    speaks: {},
  };

  declare slug: string;
  declare theme: Theme;
  declare texts: OwnTexts;
  /** The language the chat is shown in. */
  declare speaks: string;
  readonly #words = websiteWords[this.language];
  #loaded = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.slug = "";
    this.theme = {};
    this.texts = {};
    this.speaks = this.language;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  protected override updated(): void {
    if (!this.#loaded) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#greet, PAUSE_MS);
  }

  /** Nothing can be done in it: whoever tries the chat out does so on its own page, as a visitor. */
  protected override render(): TemplateResult {
    const address = `/w/${encodeURIComponent(this.slug)}/chat`;
    return html`
      <h2>${this.#words.preview}</h2>
      <iframe class="phone" title=${this.#words.preview} src=${address} inert tabindex="-1" @load=${this.#load}></iframe>
      <p class="hint">${this.#words.previewHint}</p>
      <p><a class="safe" href=${address} target="_blank" rel="noopener">${this.#words.see}</a></p>
    `;
  }

  #load = (): void => {
    this.#loaded = true;
    this.#greet();
  };

  /** Tell the frame how to look, as the loader does on a church's website; each greeting replaces the one before. */
  #greet = (): void => {
    const frame = this.querySelector<HTMLIFrameElement>("iframe")?.contentWindow;
    const { theme, texts, speaks } = this;
    const init: Init = { narthex: "init", version: BRIDGE_VERSION, theme, texts, language: speaks };
    frame?.postMessage(init, window.location.origin, [new MessageChannel().port2]);
  };
}
