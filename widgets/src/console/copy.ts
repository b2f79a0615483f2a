/** `<narthex-copy>`: a button that copies a text and says so. */

import { html, type TemplateResult } from "lit";
import { icon } from "../core/icons";
import { ConsoleElement } from "./view";
import { homeWords } from "./words/home";

const SHOWN_MS = 3_000;

export class NarthexCopy extends ConsoleElement {
  static override properties = { text: {}, label: {}, copied: { state: true } };

  declare text: string;
  /** What the button says; “Copy” when empty. */
  declare label: string;
  declare copied: boolean;
  readonly #words = homeWords[this.language];

  constructor() {
    super();
    this.text = "";
    this.label = "";
    this.copied = false;
  }

  protected override render(): TemplateResult {
    return html`<button type="button" @click=${this.#copy}>${icon("copy")} ${this.label || this.#words.copy}</button>
      <span class="said" role="status">${this.copied ? this.#words.copied : ""}</span>`;
  }

  #copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(this.text);
    this.copied = true;
    setTimeout(() => {
      this.copied = false;
    }, SHOWN_MS);
  };
}
