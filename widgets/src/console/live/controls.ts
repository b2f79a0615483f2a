/** `<narthex-controls>`: the rules of one room, and the lockdown of all. */

import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import type { RoomShown } from "../../core/generated";
import { ConsoleElement } from "../view";
import { liveWords } from "../words/live";
import type { Acts } from "./acts";
import { Act } from "./person";

const SLOW = [0, 5, 10, 30, 60];
const HOLDS = ["none", "first", "guests", "all"] as const;

export class NarthexControls extends ConsoleElement {
  static override properties = { room: { attribute: false }, acts: { attribute: false } };

  declare room: RoomShown;
  declare acts: Acts;
  readonly #words = liveWords[this.language];

  protected override render(): TemplateResult {
    const { room } = this;
    const words = this.#words;
    return html`
      ${room.lockdown ? html`<p class="alert">${words.lockdownOn}</p>` : nothing}
      <div class="row">
        <button class=${room.lockdown ? "strong" : "danger"} aria-keyshortcuts="l" @click=${this.lockdown}>
          ${room.lockdown ? words.endLockdown : words.lockdown} <kbd>L</kbd>
        </button>
      </div>
      <details>
        <summary>${words.settings}</summary>
        <label for="slow">${words.slow}</label>
        <select id="slow" @change=${(event: Event) => this.#change({ slow_seconds: Number(chosenIn(event)) })}>
          ${[...new Set([...SLOW, room.slow_seconds])]
            .sort((a, b) => a - b)
            .map(
              (one) =>
                html`<option value=${one} .selected=${live(one === room.slow_seconds)}>${words.seconds(one)}</option>`,
            )}
        </select>
        <label for="hold">${words.hold}</label>
        <select id="hold" @change=${(event: Event) => this.#change({ hold: chosenIn(event) as RoomShown["hold"] })}>
          ${HOLDS.map((one) => html`<option value=${one} .selected=${live(one === room.hold)}>${words.holds[one]}</option>`)}
        </select>
        <label class="check">
          <input type="checkbox" .checked=${live(room.locked)}
            @change=${(event: Event) => this.#change({ locked: (event.target as HTMLInputElement).checked })} />
          ${words.lock}
        </label>
      </details>
    `;
  }

  #change(change: Parameters<Acts["change"]>[1]): void {
    const { room, acts } = this;
    this.dispatchEvent(new Act(() => acts.change(room, change)));
  }

  lockdown = (): void => {
    const { room, acts } = this;
    this.dispatchEvent(new Act(() => acts.lockdown(!room.lockdown)));
  };
}

function chosenIn(event: Event): string {
  return (event.target as HTMLSelectElement).value;
}
