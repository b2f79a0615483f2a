/** `<narthex-copy>`: a button that copies a text and says so; where the browser refuses, the text stands there marked. */

import { html, nothing, type TemplateResult } from "lit";
import { icon } from "../core/icons";
import { ConsoleElement } from "./view";
import { homeWords } from "./words/home";

const SHOWN_MS = 3_000;

export class NarthexCopy extends ConsoleElement {
  static override properties = {
    text: {},
    label: {},
    copied: { state: true },
    refused: { state: true },
  };

  declare text: string;
  /** What the button says; “Copy” when empty. */
  declare label: string;
  declare copied: boolean;
  /** Whether there is no clipboard for us, as on a plain-http address, or it was refused. */
  declare refused: boolean;
  readonly #words = homeWords[this.language];

  constructor() {
    super();
    this.text = "";
    this.label = "";
    this.copied = false;
    this.refused = false;
  }

  protected override render(): TemplateResult {
    const said = this.refused ? this.#words.notCopied : this.copied ? this.#words.copied : "";
    return html`<button type="button" @click=${this.#copy}>${icon("copy")} ${this.label || this.#words.copy}</button>
      <span class="said" role="status">${said}</span>
      ${
        this.refused
          ? html`<textarea class="by-hand" readonly rows="4" aria-label=${this.#words.notCopied}
              .value=${this.text}></textarea>`
          : nothing
      }`;
  }

  #copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(this.text);
    } catch {
      this.refused = true;
      await this.#mark();
      return;
    }
    this.refused = false;
    this.copied = true;
    setTimeout(() => {
      this.copied = false;
    }, SHOWN_MS);
  };

  async #mark(): Promise<void> {
    await this.focusOn(".by-hand");
    this.querySelector<HTMLTextAreaElement>(".by-hand")?.select();
  }
}
