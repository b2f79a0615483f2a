/** `<narthex-composer>`: where one writes. What is typed is kept until it is sent, whatever happens to the page. */

import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { MessageShown } from "../core/generated";
import { icon } from "../core/icons";
import { isComposing } from "../core/keys";
import type { Memory } from "../core/storage";
import type { Person, Room } from "./room";
import type { Speech } from "./speech";

export const MOST_CHARACTERS = 2_000; // code points, as the server counts
const SHOW_COUNT_AT = 200; // characters left
const MOST_OFFERED = 6;

/** What is to be sent, or to replace the words of a message. */
export class Written extends Event {
  constructor(
    readonly body: string,
    readonly replyTo: string | null,
    readonly mentions: readonly string[],
    readonly editing: string | null,
  ) {
    super("written");
  }
}

export class NarthexComposer extends LitElement {
  static override properties = {
    speech: { attribute: false },
    room: { attribute: false },
    name: { attribute: false },
    reply: { attribute: false },
    editing: { attribute: false },
    text: { state: true },
    offered: { state: true },
    chosen: { state: true },
    hint: { state: true },
  };

  declare speech: Speech;
  declare room: Room;
  declare memory: Memory;
  declare name: string;
  declare reply: MessageShown | null;
  declare editing: MessageShown | null;
  declare text: string;
  declare offered: readonly Person[];
  declare chosen: number;
  declare hint: string;
  readonly #mentioned = new Map<string, string>(); // name → id, of those picked from the list

  constructor() {
    super();
    this.name = "";
    this.reply = null;
    this.editing = null;
    this.text = "";
    this.offered = [];
    this.chosen = 0;
    this.hint = "";
  }

  protected override createRenderRoot(): this {
    return this;
  }

  get #key(): string {
    return this.editing ? `edit:${this.editing.id}` : "draft";
  }

  get area(): HTMLTextAreaElement | null {
    return this.querySelector("textarea");
  }

  /** Show what was typed and never sent, in this box or the one before it. */
  recall(): void {
    this.text = this.memory.recall<string>(this.#key) ?? this.editing?.body ?? "";
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("editing")) this.recall();
  }

  protected override updated(changed: PropertyValues): void {
    if ((changed.has("editing") && this.editing) || (changed.has("reply") && this.reply)) this.area?.focus();
    const area = this.area;
    if (area && changed.has("text")) {
      if (area.value !== this.text) area.value = this.text;
      area.style.height = "auto";
      area.style.height = `${area.scrollHeight + 2}px`;
    }
  }

  protected override render(): TemplateResult {
    const { say } = this.speech;
    const left = MOST_CHARACTERS - [...this.text].length;
    const label = this.name ? say("writeAs", { name: this.name }) : say("write");
    return html`<form class="composer" @submit=${this.#submit}>
      ${this.#context()}
      ${this.offered.length > 0 ? this.#offers() : nothing}
      ${this.hint ? html`<p class="hint" role="status">${this.hint}</p>` : nothing}
      <div class="line">
        <textarea rows="1" dir="auto" enterkeyhint=${byThumb() ? "enter" : "send"} autocapitalize="sentences" aria-label=${label} placeholder=${label}
          aria-controls=${this.offered.length > 0 ? "offers" : nothing}
          aria-activedescendant=${this.offered.length > 0 ? `offer-${this.chosen}` : nothing}
          @input=${this.#input} @keydown=${this.#keydown} @paste=${this.#paste} @blur=${this.#blur}></textarea>
        <button class="send" aria-label=${this.editing ? say("save") : say("send")}
          ?disabled=${this.text.trim() === "" || left < 0}>${icon("send")}</button>
      </div>
      ${
        left < SHOW_COUNT_AT
          ? html`<p class=${left < 0 ? "count over" : "count"} role="status">${
              left < 0 ? say("tooLong", { count: -left }) : say("left", { count: left })
            }</p>`
          : nothing
      }
    </form>`;
  }

  #context(): TemplateResult | typeof nothing {
    const { say } = this.speech;
    if (!this.editing && !this.reply) return nothing;
    const title = this.editing ? say("editing") : say("replyingTo", { name: this.reply?.author?.name ?? "" });
    const body = (this.editing ?? this.reply)?.body ?? "";
    return html`<div class="context">${icon(this.editing ? "edit" : "reply")}
      <p><strong>${title}</strong><span dir="auto">${body}</span></p>
      <button type="button" class="bare" aria-label=${say("cancel")} @click=${this.#cancel}>${icon("close")}</button></div>`;
  }

  #offers(): TemplateResult {
    return html`<ul class="offers" id="offers" role="listbox" aria-label=${this.speech.say("mentionList")}>${this.offered.map(
      (
        person,
        i,
      ) => html`<li role="option" id=${`offer-${i}`} aria-selected=${i === this.chosen ? "true" : "false"}
        @pointerdown=${(event: Event) => {
          event.preventDefault();
          this.#pick(person);
        }}><bdi>${person.name}</bdi>${person.mark ? html` <span class="mark">${person.mark}</span>` : nothing}</li>`,
    )}</ul>`;
  }

  // ---- typing

  #input = (): void => {
    this.hint = "";
    this.#set(this.area?.value ?? "");
    if (this.text) this.dispatchEvent(new Event("typed"));
    this.#offer();
  };

  #set(text: string): void {
    this.text = text;
    this.memory.keep(this.#key, text || null);
  }

  #blur = (): void => {
    this.offered = [];
  };

  #keydown = (event: KeyboardEvent): void => {
    if (isComposing(event)) return;
    if (this.offered.length > 0 && this.#offerKey(event)) return;
    if (event.key === "Escape" && (this.editing || this.reply)) {
      event.preventDefault();
      event.stopPropagation();
      this.#cancel();
    } else if (event.key === "Enter" && !event.shiftKey && !byThumb()) {
      event.preventDefault();
      this.#send();
    } else if (event.key === "ArrowUp" && this.text === "") {
      event.preventDefault();
      this.dispatchEvent(new Event("edit-last"));
    }
  };

  #paste = (event: ClipboardEvent): void => {
    const data = event.clipboardData;
    if (data && data.files.length > 0 && !data.getData("text/plain")) {
      event.preventDefault();
      this.hint = this.speech.say("noPictures");
    }
  };

  #submit = (event: Event): void => {
    event.preventDefault();
    this.#send();
  };

  #send(): void {
    const body = this.text.trim();
    if (body === "" || [...body].length > MOST_CHARACTERS) return;
    const mentions = [...this.#mentioned].filter(([name]) => body.includes(`@${name}`)).map(([, id]) => id);
    const written = new Written(body, this.reply?.id ?? null, mentions, this.editing?.id ?? null);
    if (this.editing) this.memory.keep(this.#key, null);
    else this.#set("");
    this.#mentioned.clear();
    this.offered = [];
    this.dispatchEvent(written);
    this.area?.focus();
  }

  #cancel = (): void => {
    if (this.editing) this.memory.keep(this.#key, null);
    this.dispatchEvent(new Event("cancel"));
    this.area?.focus();
  };

  // ---- mentions

  /** Offer the people whose name begins with what follows the last @. */
  #offer(): void {
    const area = this.area;
    const typed = /(?:^|\s)@([\p{L}\p{N}][\p{L}\p{N} .'-]{0,30})?$/u.exec(
      area?.value.slice(0, area.selectionStart) ?? "",
    );
    const start = (typed?.[1] ?? "").toLocaleLowerCase();
    this.chosen = 0;
    this.offered = typed ? this.#people(start).slice(0, MOST_OFFERED) : [];
  }

  #people(start: string): Person[] {
    const found = new Map<string, Person>();
    for (const person of [...[...this.room.authors.values()].reverse(), ...this.room.people.values()])
      if (person.id !== this.room.me && person.name?.toLocaleLowerCase().startsWith(start))
        found.set(person.id, person);
    return [...found.values()];
  }

  #offerKey(event: KeyboardEvent): boolean {
    const { key } = event;
    const count = this.offered.length;
    const person = this.offered[this.chosen];
    if (key === "ArrowDown") this.chosen = (this.chosen + 1) % count;
    else if (key === "ArrowUp") this.chosen = (this.chosen + count - 1) % count;
    else if ((key === "Enter" || key === "Tab") && person) this.#pick(person);
    else if (key === "Escape") this.offered = [];
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  #pick({ id, name }: Person): void {
    const area = this.area;
    if (!area) return;
    const end = area.selectionStart;
    const start = area.value.lastIndexOf("@", end - 1);
    area.setRangeText(`@${name} `, start, end, "end");
    this.#mentioned.set(name, id);
    this.#set(area.value);
    this.offered = [];
  }
}

/** Whether one writes on glass: there Enter makes a new line, as it does in every messenger, and its key says so. */
function byThumb(): boolean {
  return matchMedia("(pointer: coarse)").matches;
}
