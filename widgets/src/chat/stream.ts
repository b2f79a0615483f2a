/**
 * `<narthex-stream>`: the messages, of which only those near the view are in the document. Blocks of messages are
 * measured when they are drawn; two empty spaces stand for the rest. What the reader looks at never moves by itself.
 */

import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "../core/icons";
import type { Chat } from "./chat";
import { grown, type Span, sum, within } from "./near";
import { GROUP_MS, isShown, type RowView, row } from "./row";
import { sendingRow } from "./sending";
import type { Speech } from "./speech";
import type { Block } from "./timeline";

const END_PX = 48; // nearer to the end than this counts as being there
const NEAR_PX = 600; // drawn beyond the view
const FETCH_PX = 1_500; // nearer to an edge than this, the next page is fetched

/** Something was pressed on a message: what, on which one, and what belongs to it. */
export class StreamAct extends Event {
  constructor(
    readonly act: string,
    readonly message: string,
    readonly detail: string,
  ) {
    super("act", { bubbles: true });
  }
}

export class NarthexStream extends LitElement {
  static override properties = {
    chat: { attribute: false },
    speech: { attribute: false },
    tick: { attribute: false },
    canWrite: { attribute: false },
    active: { state: true },
    picking: { state: true },
    lit: { state: true },
  };

  declare chat: Chat;
  declare speech: Speech;
  declare tick: number; // changes when anything in the chat has
  declare canWrite: boolean;
  declare active: string | null;
  declare picking: boolean;
  declare lit: string | null;
  /** The last number read when the reader came or looked away; what is newer stands behind a line. */
  divider = 0;
  #atEnd = true;
  #put = 0; // where we last left or found the scroll; elsewhere means that the reader moved it
  #seen = 0; // the newest number the reader has had on screen
  #anchor: { id: string; top: number } | null = null;
  #span: Span = [0, 0]; // the blocks to draw
  #drawn: Span = [0, 0]; // those that the document holds
  #resizes: ResizeObserver | null = null;
  #way: HTMLElement | null = null;

  constructor() {
    super();
    this.active = null;
    this.picking = false;
    this.lit = null;
    this.canWrite = false;
    this.tick = 0;
  }

  protected override createRenderRoot(): this {
    return this;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resizes?.disconnect();
  }

  /** Messages that came while the reader looked at older ones. */
  get missed(): number {
    return this.#atEnd ? 0 : Math.max(0, this.chat.room.newest - this.#seen);
  }

  get atEnd(): boolean {
    return this.#atEnd;
  }

  get #scroller(): HTMLElement | null {
    return this.querySelector<HTMLElement>(".scroller");
  }

  // ---- moving

  /** Go to the newest message and stay there. */
  async toEnd(): Promise<void> {
    await this.chat.newest();
    this.#atEnd = true;
    this.#anchor = null;
    this.requestUpdate();
  }

  /** Go to one message, fetching it when it is far away, and light it up for a moment. */
  async toMessage(id: string): Promise<void> {
    if (!(await this.chat.reach(id))) return;
    this.#atEnd = false;
    this.#anchor = { id, top: (this.#scroller?.clientHeight ?? 0) / 3 };
    this.lit = id;
    this.#place(this.chat.room.timeline.blockOf(id));
    await this.updateComplete;
    this.#row(id)?.focus({ preventScroll: true });
    setTimeout(() => {
      this.lit = null;
    }, 2_000);
  }

  /** Go to the line in front of what is unread. */
  async toDivider(): Promise<void> {
    for (const { place, message } of this.chat.room.timeline.backwards())
      if (place <= this.divider) return this.toMessage(message.id);
    const first = this.chat.room.timeline.first?.message.id;
    if (first) await this.toMessage(first);
  }

  /** Draw the blocks around one, before anything is measured. */
  #place(index: number): void {
    this.#span = [Math.max(0, index - 1), Math.min(this.chat.room.timeline.blocks.length, index + 2)];
    this.requestUpdate();
  }

  // ---- what is drawn

  protected override willUpdate(changed: PropertyValues): void {
    this.#notice();
    if (changed.has("tick") || this.#span[1] === 0) this.#window();
  }

  /**
   * Choose the blocks to draw: those in view at once, those near it one a frame. Return whether there is more to do:
   * other blocks than were drawn, or some near the view that wait for the next frame.
   */
  #window(): boolean {
    const { blocks } = this.chat.room.timeline;
    const scroller = this.#scroller;
    const top = this.#atEnd || !scroller ? null : scroller.scrollTop - this.#before();
    const look = { top, view: scroller?.clientHeight || 800 };
    const next = grown(this.#span, within(blocks, look, 0), within(blocks, look, NEAR_PX));
    const changed = next[0] !== this.#span[0] || next[1] !== this.#span[1];
    this.#span = next;
    return changed;
  }

  /** Everything above the first message: the notice that there are older ones. */
  #before(): number {
    return this.querySelector<HTMLElement>(".top")?.offsetHeight ?? 0;
  }

  protected override render(): TemplateResult {
    const { timeline } = this.chat.room;
    const [from, to] = this.#span;
    const drawn = timeline.blocks.slice(from, to);
    const above = sum(timeline.blocks.slice(0, from));
    const below = sum(timeline.blocks.slice(to));
    this.#drawn = this.#span;
    return html`
      <div class="scroller" @scroll=${this.#scrolled} @click=${this.#pressed} @keydown=${this.#key}
        @focusin=${this.#focused} @pointerover=${this.#pointed} @pointerleave=${this.#left}
        role="region" aria-label=${this.speech.say("messages")} tabindex=${timeline.size === 0 ? 0 : -1}>
        <div class="filler"></div>
        <div class="top">${this.#top()}</div>
        <div class="space" .style=${`height:${above}px`}></div>
        ${repeat(
          drawn,
          (block) => block.id,
          (block) => html`<div class="block" data-block=${block.id}>${this.#block(block)}</div>`,
        )}
        <div class="space" .style=${`height:${below}px`}></div>
        ${timeline.newer ? nothing : this.#sending()}
      </div>
      ${this.#pill()}
    `;
  }

  #block(block: Block): unknown {
    const { room } = this.chat;
    const holds = (id: string | null) => (block.entries.some(({ message }) => message.id === id) ? id : null);
    const view: RowView = {
      room,
      speech: this.speech,
      active: holds(this.active),
      picking: this.picking,
      divider: this.divider,
      canWrite: this.canWrite,
      lit: holds(this.lit),
    };
    const parts = [
      block.version,
      view.active,
      view.active && view.picking,
      view.lit,
      view.divider,
      view.canWrite,
      room.me,
    ];
    return guard([...parts, this.speech, room.timeline.older && this.#span[0] === 0], () =>
      repeat(
        block.entries,
        ({ message }) => message.id,
        ({ message }, i) =>
          isShown(message, room)
            ? row(message, room.timeline.before(block, i), view, this.chat.now)
            : nothing,
      ),
    );
  }

  #sending(): TemplateResult[] {
    const { room, outbox, now, session } = this.chat;
    const last = room.timeline.last?.message;
    const { id, name } = last?.author ?? {};
    const near =
      id === room.me && name === session.person?.name && now - Date.parse(last?.at ?? "") < GROUP_MS;
    return outbox.items.map((item, i) =>
      sendingRow(item, !item.replyTo && (i > 0 || near), this.chat, this.speech),
    );
  }

  #top(): TemplateResult | typeof nothing {
    const { timeline } = this.chat.room;
    const { say } = this.speech;
    if (this.chat.paging.older === "failed")
      return html`<p class="edge" role="alert">${say("olderFailed")}
        <button class="plain" @click=${() => void this.chat.more("older")}>${say("again")}</button></p>`;
    if (timeline.older) return bones(3);
    if (timeline.size === 0 && this.chat.outbox.items.length === 0)
      return html`<div class="empty">${icon("chat")}<p>${say("empty")}</p></div>`;
    return html`<p class="edge">${say("beginning")}</p>`;
  }

  #pill(): TemplateResult | typeof nothing {
    if (this.#atEnd && !this.chat.room.timeline.newer) return nothing;
    const { say } = this.speech;
    const text = this.missed > 0 ? say("pill", { count: this.missed }) : "";
    return html`<button class=${text ? "pill news" : "pill"} @click=${() => void this.toEnd()}
      aria-label=${text || say("newest")}>${icon("arrowDown")}${text}</button>`;
  }

  // ---- staying where the reader looks

  protected override updated(): void {
    const scroller = this.#scroller;
    if (!scroller) return;
    this.#resizes ??= this.#watch(scroller);
    const drawn = this.chat.room.timeline.blocks.slice(this.#drawn[0], this.#drawn[1]);
    scroller.querySelectorAll<HTMLElement>(":scope > .block").forEach((element, i) => {
      const block = drawn[i];
      if (block) block.height = element.offsetHeight;
    });
    this.#hold(scroller);
    this.#rove();
    if (this.#window()) requestAnimationFrame(() => this.requestUpdate());
    else this.#noted(scroller);
  }

  /** Put back what the reader looked at, to the pixel. */
  #hold(scroller: HTMLElement): void {
    const anchored = this.#anchor && this.#row(this.#anchor.id);
    if (this.#atEnd) scroller.scrollTop = scroller.scrollHeight;
    else if (this.#anchor && anchored) {
      const top = anchored.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
      if (Math.abs(top - this.#anchor.top) >= 1) scroller.scrollTop += top - this.#anchor.top;
    }
    this.#put = scroller.scrollTop;
  }

  #watch(scroller: HTMLElement): ResizeObserver {
    const observer = new ResizeObserver(() => this.#hold(scroller)); // the keyboard came, or the panel grew
    observer.observe(scroller);
    return observer;
  }

  #scrolled = (): void => {
    const scroller = this.#scroller;
    if (!scroller) return;
    const wasAtEnd = this.#atEnd;
    this.#look(scroller);
    if (this.#window() || wasAtEnd !== this.#atEnd) this.requestUpdate();
    this.#noted(scroller);
  };

  /** The reader has scrolled and the browser has not told us yet: look before anything is put back. */
  #notice(): void {
    const scroller = this.#scroller;
    if (scroller && Math.abs(scroller.scrollTop - this.#put) > 1) this.#look(scroller);
  }

  /** Note where the reader is now. */
  #look(scroller: HTMLElement): void {
    const left = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
    this.#atEnd = left < END_PX && !this.chat.room.timeline.newer;
    this.#put = scroller.scrollTop;
    this.#remember(scroller);
  }

  /** Note the first message in view and where it stands. */
  #remember(scroller: HTMLElement): void {
    const edge = scroller.getBoundingClientRect().top;
    for (const element of scroller.querySelectorAll<HTMLElement>(".block article")) {
      const box = element.getBoundingClientRect();
      if (box.bottom > edge) {
        this.#anchor = { id: element.dataset.id ?? "", top: box.top - edge };
        return;
      }
    }
    this.#anchor = null;
  }

  /** What is on screen counts as read, and near an edge the next page is fetched. */
  #noted(scroller: HTMLElement): void {
    const { room } = this.chat;
    if (this.#atEnd && this.chat.watched && room.newest > this.#seen) {
      this.#seen = room.newest;
      this.chat.seen(room.newest);
    } else if (this.#seen === 0) this.#seen = room.newest;
    if (room.timeline.older && scroller.scrollTop < FETCH_PX && this.chat.paging.older !== "failed")
      void this.chat.more("older");
    const left = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
    if (room.timeline.newer && left < FETCH_PX && this.chat.paging.newer !== "failed")
      void this.chat.more("newer");
  }

  // ---- pressing, pointing, keys

  #row(id: string): HTMLElement | null {
    return this.querySelector<HTMLElement>(`article[data-id="${CSS.escape(id)}"]`);
  }

  #pressed = (event: Event): void => {
    const target = event.target as Element;
    const button = target.closest<HTMLElement>("[data-act]");
    const id = target.closest<HTMLElement>("article")?.dataset.id ?? "";
    if (!button) {
      if (id && !getSelection()?.toString())
        this.#show(this.active === id && !matchMedia("(hover: hover)").matches ? null : id);
      return;
    }
    const { act = "", emoji, url, to } = button.dataset;
    if (act === "pick" || act === "unpick") {
      this.picking = act === "pick";
      void this.updateComplete.then(() =>
        this.#row(id)?.querySelector<HTMLElement>(".tools button")?.focus(),
      );
      return;
    }
    if (act === "jump") void this.toMessage(to ?? "");
    else this.dispatchEvent(new StreamAct(act, id, emoji ?? url ?? ""));
    if (act === "react") this.picking = false;
  };

  #show(id: string | null): void {
    if (id !== this.active) this.picking = false;
    this.active = id;
  }

  #pointed = (event: PointerEvent): void => {
    if (event.pointerType !== "mouse" || this.picking) return;
    const id = (event.target as Element).closest<HTMLElement>("article")?.dataset.id;
    if (id) this.#show(id);
  };

  #left = (event: PointerEvent): void => {
    if (event.pointerType === "mouse" && !this.contains(document.activeElement)) this.#show(null);
  };

  #focused = (event: FocusEvent): void => {
    const id = (event.target as Element).closest<HTMLElement>("article")?.dataset.id;
    if (id && (event.target as Element).matches(":focus-visible")) this.#show(id);
  };

  /** Let the keyboard walk through the messages: arrows, first and last, and a letter for each action. */
  #key = (event: KeyboardEvent): void => {
    const rows = [...this.querySelectorAll<HTMLElement>(".block article")];
    const at = rows.findIndex((element) => element.contains(document.activeElement));
    const { key } = event;
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1 }[key];
    if (to !== undefined && at >= 0) {
      event.preventDefault();
      rows[Math.max(0, Math.min(rows.length - 1, to))]?.focus();
      return;
    }
    const id = rows[at]?.dataset.id;
    if (
      !id ||
      (event.target as Element).tagName !== "ARTICLE" ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey
    )
      return;
    const act = { r: "reply", e: "edit", Enter: "more", Delete: "remove" }[key];
    if (act) {
      event.preventDefault();
      this.dispatchEvent(new StreamAct(act, id, ""));
    }
  };

  /** One message is the way in from the keyboard: the one last walked to, else the newest. */
  #rove(): void {
    const rows = this.querySelectorAll<HTMLElement>(".block article");
    const at =
      this.active && this.#row(this.active)?.contains(document.activeElement) ? this.#row(this.active) : null;
    const next = at ?? rows[rows.length - 1] ?? null;
    if (next === this.#way) return;
    if (this.#way) this.#way.tabIndex = -1;
    if (next) next.tabIndex = 0;
    this.#way = next;
  }
}

/** Draw the shape of messages that are about to come. */
export function bones(count: number): TemplateResult {
  return html`<div class="bones" aria-hidden="true">${Array.from(
    { length: count },
    () =>
      html`<div><span class="bone round"></span><span class="bone short"></span><span class="bone long"></span></div>`,
  )}</div>`;
}
