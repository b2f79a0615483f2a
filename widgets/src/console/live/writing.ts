/** What a host writes into rooms. What is begun in one stays there: private words never stand in another's box. */

import { html, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { live } from "lit/directives/live.js";
import type { LiveWords } from "../words/live";
import type { Desk } from "./desk";

export class Writing {
  readonly #drafts = new Map<string, string>(); // by room

  constructor(
    readonly desk: Desk,
    readonly words: LiveWords,
    /** Told why words were not sent, and with nothing when they are tried again. */
    readonly told: (error: string) => void,
  ) {}

  /** Draw the box of the open room. A box is of one room only, with its history of undoing too. */
  box(): TemplateResult {
    const { words } = this;
    const { chosen: room, closed } = this.desk;
    return html`${keyed(
      room,
      html`<form class="composer" @submit=${(event: SubmitEvent) => this.#send(event, room)}>
        <label class="hidden" for="write">${words.write}</label>
        <input id="write" name="body" maxlength="2000" required autocomplete="off" placeholder=${words.write}
          .value=${live(this.#drafts.get(room) ?? "")} @input=${(event: Event) => {
            this.#drafts.set(room, (event.target as HTMLInputElement).value);
          }} />
        <button class="strong" ?disabled=${closed}>${words.send}</button>
      </form>`,
    )}`;
  }

  async #send(event: SubmitEvent, room: string): Promise<void> {
    event.preventDefault();
    const box = (event.target as HTMLElement).querySelector<HTMLInputElement>("#write");
    const body = box?.value.trim();
    if (!box || !body || this.desk.closed) return; // the box of a closed room keeps its words, and the focus
    this.told("");
    box.value = "";
    this.#drafts.delete(room);
    try {
      await this.desk.say(room, body);
    } catch (error) {
      if (!this.#drafts.get(room)) this.#drafts.set(room, body);
      this.told(error instanceof Error && error.message.includes(" ") ? error.message : this.words.notSent);
    }
  }
}
