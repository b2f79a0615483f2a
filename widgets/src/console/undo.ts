/** `<narthex-undo>`: what was just done, and ten seconds to take it back. */

import { html, nothing, type TemplateResult } from "lit";
import { ConsoleElement } from "./view";
import { homeWords } from "./words/home";

export const UNDO_MS = 10_000;

export interface Offer {
  readonly text: string;
  readonly undo?: () => Promise<unknown>;
}

export class NarthexUndo extends ConsoleElement {
  static override properties = {
    offer: { attribute: false },
    spent: { state: true },
    error: { state: true },
  };

  declare offer: Offer | null;
  /** The offer that was taken or has run out; who gave it may hand it in again with every drawing. */
  declare spent: Offer | null;
  declare error: string;
  readonly #words = homeWords[this.language];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.offer = null;
    this.spent = null;
    this.error = "";
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    const { offer } = this;
    if (!changed.has("offer") || !offer) return;
    this.error = "";
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.spent = offer;
    }, UNDO_MS);
  }

  protected override render(): TemplateResult {
    const { error } = this;
    const offer = this.offer === this.spent ? null : this.offer;
    return html`<div role="status">${
      error
        ? html`<p class="undo-bar wrong">${error}</p>`
        : offer
          ? html`<p class="undo-bar">
              <span>${offer.text}</span>
              ${
                offer.undo
                  ? html`<button @click=${this.take} aria-keyshortcuts="z">${this.#words.undo} <kbd>Z</kbd></button>`
                  : nothing
              }
            </p>`
          : nothing
    }</div>`;
  }

  /** Take it back, if there is still something to take back. */
  take = async (): Promise<void> => {
    const { offer } = this;
    const undo = offer?.undo;
    if (!undo || offer === this.spent) return;
    clearTimeout(this.#timer);
    this.spent = offer;
    try {
      await undo();
    } catch (error) {
      this.error = this.why(error);
    }
  };
}
