/** `<narthex-here>`: who is in the room by name, hosts first, with a box to find somebody. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { ConsoleElement } from "../view";
import { liveWords } from "../words/live";
import type { Somebody } from "./room";

/** Fired with the id of who was chosen. */
export class Chosen extends Event {
  constructor(readonly id: string) {
    super("chosen");
  }
}

/** Return those whose name holds a text, hosts first, then by name; accents and case do not matter. */
export function found(
  people: Iterable<Somebody>,
  hosts: ReadonlyMap<string, unknown>,
  text: string,
  language: string,
): readonly Somebody[] {
  const order = new Intl.Collator(language, { sensitivity: "base" });
  const wanted = plain(text);
  return [...people]
    .filter(({ name }) => plain(name).includes(wanted))
    .sort((a, b) => Number(hosts.has(b.id)) - Number(hosts.has(a.id)) || order.compare(a.name, b.name));
}

function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").trim().toLocaleLowerCase();
}

export class NarthexHere extends ConsoleElement {
  static override properties = {
    people: { attribute: false },
    hosts: { attribute: false },
    count: { type: Number },
    chosen: {},
    text: { state: true },
  };

  declare people: ReadonlyMap<string, Somebody>;
  declare hosts: ReadonlyMap<string, Somebody>;
  /** Everybody who is here, with and without a name. */
  declare count: number;
  declare chosen: string;
  declare text: string;
  readonly #words = liveWords[this.language];

  constructor() {
    super();
    this.text = "";
    this.count = 0;
    this.chosen = "";
  }

  protected override render(): TemplateResult {
    const words = this.#words;
    const shown = found(this.people.values(), this.hosts, this.text, this.language);
    const nameless = this.count - this.people.size;
    return html`
      <label class="hidden" for="find">${words.find}</label>
      <input id="find" type="search" autocomplete="off" placeholder=${words.find} .value=${this.text}
        @input=${this.#typed} />
      <div class="scroll">
        ${
          shown.length
            ? this.#list(shown)
            : html`<p class="empty">${this.people.size ? words.nobodyFound : words.nobodyNamed(this.count)}</p>`
        }
      </div>
      ${nameless > 0 && this.people.size ? html`<p class="hint">${words.nameless(nameless)}</p>` : nothing}
    `;
  }

  #list(shown: readonly Somebody[]): TemplateResult {
    const reachable = shown.some(({ id }) => id === this.chosen) ? this.chosen : shown[0]?.id;
    return html`<ul class="stream" role="listbox" aria-label=${this.#words.people}>${repeat(
      shown,
      ({ id }) => id,
      ({ id, name }) => html`<li role="option" data-id=${id} tabindex=${id === reachable ? 0 : -1}
        aria-selected=${id === this.chosen ? "true" : "false"}
        @click=${() => this.#choose(id)} @focus=${() => this.#choose(id)}>
        <span class="byline"><strong dir="auto">${name}</strong>
          ${this.hosts.has(id) ? html`<span class="badge">${this.#words.host}</span>` : nothing}</span>
      </li>`,
    )}</ul>`;
  }

  #typed = (event: Event): void => {
    this.text = (event.target as HTMLInputElement).value;
  };

  #choose(id: string): void {
    this.dispatchEvent(new Chosen(id));
  }
}
