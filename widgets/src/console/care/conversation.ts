/** `<narthex-conversation>`: the words between somebody who asked and a volunteer, and how it goes on or ends. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { CareSessionShown, MessageShown, WorkerShown } from "../../core/generated";
import { isComposing } from "../../core/keys";
import { LiveError } from "../../core/requests";
import { ApiError, AT } from "../api";
import { ConsoleForm } from "../form";
import type { Picked } from "../queue/picker";
import { clock } from "../time";
import { alert } from "../view";
import type { Watch } from "../watch/watch";
import { careWords } from "../words/care";
import { helplines } from "./helplines";
import { Talk } from "./talk";

/** Fired when a conversation is left: handed over, ended and closed. */
export class Gone extends Event {
  constructor(readonly text = "") {
    super("gone");
  }
}

type Asking = "" | "hand-over" | "end" | "task";

export class NarthexConversation extends ConsoleForm {
  static override properties = {
    ...ConsoleForm.properties,
    watch: { attribute: false },
    shown: { attribute: false },
    people: { attribute: false },
    asking: { state: true },
  };

  declare watch: Watch;
  /** How it stood when it was opened; what comes later comes by the socket. */
  declare shown: CareSessionShown;
  declare people: readonly WorkerShown[];
  declare asking: Asking;
  #talk!: Talk;
  #alone = () => {};
  #last = "";
  readonly #words = careWords[this.language];

  constructor() {
    super();
    this.people = [];
    this.asking = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const { live, me } = this.watch;
    this.#talk = new Talk(live, this.shown, me, () => this.requestUpdate());
    this.#talk.start();
    this.#alone = this.watch.listen(() => this.requestUpdate());
    document.addEventListener("visibilitychange", this.#read);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#talk.stop();
    this.#alone();
    document.removeEventListener("visibilitychange", this.#read);
  }

  #read = (): void => {
    if (document.visibilityState === "visible") this.#talk.read();
  };

  protected override why(error: unknown): string {
    const code = error instanceof ApiError || error instanceof LiveError ? error.code : "";
    const known = this.#words.codes[code];
    if (known) return known;
    return error instanceof LiveError ? this.#words.notSent : super.why(error);
  }

  protected override updated(): void {
    const newest = this.#talk.room.messages.at(-1)?.id ?? this.#talk.sending.at(-1)?.id ?? "";
    if (newest !== this.#last) {
      this.#last = newest;
      const box = this.querySelector(".said-all");
      if (box) box.scrollTop = box.scrollHeight;
    }
    this.#read();
  }

  protected override render(): TemplateResult {
    const words = this.#words;
    const { shown, over, erased } = this.#talk;
    const names = [shown.first, shown.second].filter(Boolean).join(", ");
    const facts = [names && words.with(names), erased ? "" : words.words[shown.words]];
    return html`
      <h2 tabindex="-1"><bdi>${shown.name || words.someone}</bdi></h2>
      <p class="muted">${facts.filter(Boolean).join(" · ")}</p>
      ${shown.minor ? html`<p><span class="reason">${words.minor}</span></p>` : nothing}
      ${shown.topic ? html`<p class="note" dir="auto">${shown.topic}</p>` : nothing}
      ${this.#rings() ? html`<p class="alert" role="alert">${words.crisis}</p>` : nothing}
      ${this.watch.state.kind === "online" ? nothing : html`<p class="notice" role="status">${words.reconnecting}</p>`}
      ${shown.needs_second ? html`<p class="notice" role="status">${words.needsSecond}</p>` : nothing}
      ${erased ? html`<p class="gone">${shown.words === "seal" ? words.sealed : words.erased}</p>` : this.#messages()}
      <p class="typing" aria-live="off">${this.#talk.typist ? words.typing(this.#talk.typist) : ""}</p>
      ${alert(this.error)} ${over ? this.#over() : this.#composer()}
    `;
  }

  /** Tell whether an alarm about this conversation rings. */
  #rings(): boolean {
    return [...this.watch.alarms.values()].some(
      ({ about, subject }) => about === "care" && subject === this.shown.id,
    );
  }

  #messages(): TemplateResult {
    const words = this.#words;
    const { room, sending } = this.#talk;
    const newestSeen = room.messages.filter((one) => this.#talk.wasSeen(one)).at(-1)?.id;
    return html`<div class="scroll said-all" tabindex="0" role="log" aria-label=${words.title}>
      ${room.messages.length || sending.length ? nothing : html`<p class="empty">${words.noWords}</p>`}
      <ol class="talk">
        ${repeat(
          room.messages,
          ({ id }) => id,
          (message) => this.#message(message, message.id === newestSeen),
        )}
        ${sending.map(
          ({ body }) => html`<li class="own unsent"><span class="text" dir="auto">${body}</span>
            <span class="muted">${words.sending}</span></li>`,
        )}
      </ol>
    </div>`;
  }

  #message(message: MessageShown, seen: boolean): TemplateResult {
    const words = this.#words;
    const mine = message.author?.id === this.watch.me;
    return html`<li class=${mine ? "own" : ""}>
      <span class="byline"><strong dir="auto">${mine ? words.you : message.author?.name}</strong>
        <span class="muted">${clock(message.at, this.language)}${seen ? ` · ${words.seen}` : ""}</span></span>
      ${
        message.state === "removed"
          ? html`<span class="gone">${words.gone}</span>`
          : html`<span class="text" dir="auto">${message.body}</span>`
      }
    </li>`;
  }

  #composer(): TemplateResult {
    const words = this.#words;
    const locked = this.#talk.shown.needs_second === true;
    return html`
      <form class="composer care" @submit=${this.#say}>
        <label class="hidden" for="write">${words.write}</label>
        <textarea id="write" name="body" rows="2" maxlength="2000" ?disabled=${locked} placeholder=${words.write}
          @input=${() => this.#talk.types()} @keydown=${this.#entered}></textarea>
        <button class="strong" ?disabled=${locked}>${words.send}</button>
      </form>
      <div class="row">
        <narthex-picker .api=${this.api} @picked=${this.#picked}></narthex-picker>
        <button aria-expanded=${this.asking === "task"} @click=${() => this.#ask("task")}>${words.task}</button>
        <button aria-expanded=${this.asking === "hand-over"} @click=${() => this.#ask("hand-over")}>${words.handOver}</button>
        <button class="danger" aria-expanded=${this.asking === "end"} @click=${() => this.#ask("end")}>${words.end}</button>
      </div>
      ${this.#question()} ${helplines(this.api, words, this.language, this.#rings())}
    `;
  }

  #ask(asking: Asking): void {
    this.asking = this.asking === asking ? "" : asking;
    if (this.asking) void this.focusOn(".ask select, .ask input, .ask button");
  }

  #question(): TemplateResult | typeof nothing {
    const words = this.#words;
    const { shown } = this;
    if (this.asking === "task")
      return html`<narthex-task class="ask" .api=${this.api} .people=${this.people} .me=${this.watch.me}
        session=${shown.id} @noted=${() => this.#ask("")}></narthex-task>`;
    if (this.asking === "end")
      return html`<div class="ask"><p>${words.endSure} ${words.words[shown.words]}</p><div class="row">
        <button class="danger" ?disabled=${this.busy} @click=${this.#end}>${words.endGo}</button>
        <button @click=${() => this.#ask("")}>${words.stay}</button></div></div>`;
    if (this.asking !== "hand-over") return nothing;
    const here = new Set(this.watch.duty.now?.here.map(({ person }) => person));
    const able = this.people
      .filter(({ id, teams }) => id !== this.watch.me && teams.includes("care"))
      .sort((a, b) => Number(here.has(b.id)) - Number(here.has(a.id)));
    return html`<form class="ask" @submit=${this.#handOver}>
      <label for="to">${words.handOverTo}</label>
      <select id="to" name="to"><option value="">${words.toQueue}</option>
        ${able.map(({ id, name }) => html`<option value=${id}>${name}${here.has(id) ? ` · ${words.here}` : ""}</option>`)}
      </select>
      <div class="row"><button class="strong" ?disabled=${this.busy}>${words.handOverGo}</button>
        <button type="button" @click=${() => this.#ask("")}>${words.stay}</button></div>
    </form>`;
  }

  #over(): TemplateResult {
    const words = this.#words;
    const { state } = this.#talk.shown;
    return html`<p class="notice" role="status">${state === "left" ? words.left : words.ended}</p>
      <div class="row">
        <button class="strong" @click=${() => this.dispatchEvent(new Gone())}>${words.close}</button>
        <button aria-expanded=${this.asking === "task"} @click=${() => this.#ask("task")}>${words.task}</button>
      </div>
      ${this.asking === "task" ? this.#question() : nothing}`;
  }

  // ---- doing

  get #box(): HTMLTextAreaElement | null {
    return this.querySelector("#write");
  }

  #picked = ({ text }: Picked): void => {
    const box = this.#box;
    if (!box) return;
    box.value = [box.value.trim(), text].filter(Boolean).join(" ");
    box.focus();
  };

  #entered = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
    event.preventDefault();
    this.#box?.form?.requestSubmit();
  };

  #say = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const box = this.#box;
    const body = box?.value.trim();
    if (!box || !body) return;
    this.error = "";
    box.value = "";
    try {
      await this.#talk.send(body);
    } catch (error) {
      if (!box.value) box.value = body;
      this.error = this.why(error);
    }
  };

  #handOver = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const to = this.querySelector<HTMLSelectElement>("#to")?.value || null;
    const path = `${AT.conversation(this.shown.id)}/hand-over`;
    if (await this.attempt(() => this.api.send("POST", path, { to })))
      this.dispatchEvent(new Gone(this.#words.handedOver));
  };

  #end = async (): Promise<void> => {
    const path = `${AT.conversation(this.shown.id)}/end`;
    if (await this.attempt(() => this.api.send("POST", path))) this.#ask("");
  };
}
