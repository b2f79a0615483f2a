/** `<narthex-chat-app>`: the whole page inside the frame. It watches the chat and draws at most once a frame. */

import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { attend } from "../core/attention";
import type { Bridge } from "../core/bridge";
import { copy } from "../core/clipboard";
import type { MessageShown } from "../core/generated";
import { countInTitle } from "../core/title";
import { head, notice, pins, slow, typing, unread } from "./around";
import type { Chat } from "./chat";
import type { NarthexComposer, Written } from "./composer";
import { Cues } from "./cues";
import { rise, strip } from "./floats";
import type { Page } from "./page";
import { type Doing, type Sheet, type SheetView, sheet } from "./sheets";
import { type Speech, speak } from "./speech";
import { bar, countdown, stage } from "./stages";
import type { NarthexStream, StreamAct } from "./stream";

const EDITABLE_MS = 15 * 60_000;
const TOLD_MS = 5_000;

export class NarthexChatApp extends LitElement {
  static override properties = {
    speech: { attribute: false },
    closable: { attribute: false },
    open: { state: true },
    reply: { state: true },
    editing: { state: true },
    pin: { state: true },
    told: { state: true },
    busy: { state: true },
    sound: { state: true },
    throwing: { state: true },
  };

  declare chat: Chat;
  declare page: Page;
  declare bridge: Bridge;
  declare speech: Speech;
  declare closable: boolean;
  declare open: Sheet | null;
  declare reply: MessageShown | null;
  declare editing: MessageShown | null;
  declare pin: number;
  declare told: string;
  declare busy: boolean;
  declare sound: boolean;
  declare throwing: boolean;
  readonly #cues = new Cues();
  #tick = 0;
  #clock = 0;
  #unattend: () => void = () => {};
  #opener: HTMLElement | null = null;
  #named = false; // the sheet closes because a name was given; by the time it is gone another may be asked for
  #mentions = 0;
  #divided = ""; // the room whose unread messages stand behind a line
  #welcomed = false;

  constructor() {
    super();
    this.closable = false;
    this.open = null;
    this.reply = null;
    this.editing = null;
    this.pin = 0;
    this.told = "";
    this.busy = false;
    this.sound = false;
    this.throwing = false;
  }

  protected override createRenderRoot(): this {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const { chat } = this;
    this.sound = chat.memory.read<boolean>("sound") ?? false;
    chat.changed = () => this.#changed();
    chat.room.onFloats = (emoji) => chat.watched && rise(this.querySelector(".floats"), emoji);
    chat.room.onPosted = (message) => this.#posted(message);
    this.#unattend = attend({
      watched: (watched) => this.watch(watched),
      network: () => {
        chat.live.wake();
        this.requestUpdate();
      },
      entered: () => this.#write(),
      escaped: (event) => {
        if (!this.open && !event.defaultPrevented) this.bridge.send({ type: "close" });
      },
    });
    this.#clock = window.setInterval(() => this.#everySecond(), 1_000);
    void chat.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#clock);
    this.#unattend();
    this.chat.live.stop();
  }

  get stream(): NarthexStream | null {
    return this.querySelector<NarthexStream>("narthex-stream");
  }

  get composer(): NarthexComposer | null {
    return this.querySelector<NarthexComposer>("narthex-composer");
  }

  // ---- drawing

  /** Wait for the next frame: a flood of messages costs one drawing a frame, and none while nobody looks. */
  protected override async scheduleUpdate(): Promise<void> {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    super.scheduleUpdate();
  }

  #changed(): void {
    this.#tick += 1;
    if (this.chat.card && this.open?.kind !== "care") {
      void this.#care(this.chat.card);
      this.chat.card = ""; // shown once; what was answered is between people
    }
    if (this.chat.naming && this.open?.kind !== "name") this.#openSheet({ kind: "name" });
    else if (!this.chat.naming && this.open?.kind === "name" && this.chat.session.person?.member)
      this.open = null;
    this.#count();
    this.requestUpdate();
  }

  /** Draw what depends on the time alone: countdowns, pauses, who types. */
  #everySecond(): void {
    const { chat } = this;
    const { shown, typing, timeoutUntil } = chat.room;
    const waits = chat.outbox.items.some((item) => item.state === "later");
    if (typing.size > 0 || timeoutUntil > chat.now || waits || chat.phase === "waiting" || shown?.closes_at)
      this.requestUpdate();
  }

  protected override render(): TemplateResult {
    const { chat, speech } = this;
    const instead = stage(chat, speech);
    return html`
      ${head(chat, speech, {
        people: () => this.#openSheet({ kind: "people" }),
        settings: () => this.#openSheet({ kind: "settings" }),
        close: this.closable ? () => this.bridge.send({ type: "close" }) : null,
      })}
      ${notice(chat, speech)}
      <main>
        ${instead ?? this.#room()}
      </main>
      <div class="unseen" aria-live="polite" id="said"></div>
      <div class=${this.told ? "toast shown" : "toast"} role="status">${this.told}</div>
      <dialog aria-labelledby="sheet-title" @close=${this.#closed} @click=${this.#backdrop}>${
        this.open ? html`<div class="sheet fields">${sheet(this.open, this.#view())}</div>` : nothing
      }</dialog>
    `;
  }

  #room(): TemplateResult {
    const { chat, speech } = this;
    const blocked = bar(chat, speech, () => this.#openSheet({ kind: "word" }));
    return html`
      ${pins(chat, speech, this.pin, {
        show: (id) => void this.stream?.toMessage(id),
        next: () => {
          this.pin += 1;
        },
      })}
      ${countdown(chat, speech)}
      ${unread(this.#unread, speech, () => void this.stream?.toDivider())}
      ${keyed(
        chat.room.shown?.id,
        html`<narthex-stream .chat=${chat} .speech=${speech} .tick=${this.#tick} .canWrite=${blocked === null}
          @act=${this.#act}></narthex-stream>`,
      )}
      <div class="floats" aria-hidden="true"></div>
      ${typing(chat, speech)}${slow(chat, speech)}
      ${
        blocked ??
        html`<narthex-composer .speech=${speech} .room=${chat.room} .memory=${chat.memory}
          .name=${chat.session.person?.name ?? ""} .reply=${this.reply} .editing=${this.editing}
          @written=${this.#written} @typed=${() => chat.typing()} @cancel=${this.#cancel}
          @edit-last=${this.#editLast}></narthex-composer>`
      }
      ${
        blocked
          ? nothing
          : strip(
              speech,
              this.throwing,
              () => {
                this.throwing = !this.throwing;
              },
              (emoji) => chat.float(emoji),
            )
      }
    `;
  }

  /** How many messages stand behind the line, while the reader is at the newest. */
  get #unread(): number {
    const { stream } = this;
    return stream?.atEnd && stream.divider > 0 ? this.chat.room.newest - stream.divider : 0;
  }

  protected override updated(changed: PropertyValues): void {
    const { chat, stream } = this;
    const dialog = this.querySelector("dialog");
    if (changed.has("open") && dialog) {
      if (this.open) {
        if (!dialog.open) dialog.showModal();
        dialog.querySelector<HTMLElement>("[data-first]")?.focus(); // `autofocus` is refused in a frame
      } else dialog.close();
    }
    if (!this.#welcomed && this.composer && this.bridge.site) {
      this.#welcomed = true; // the focus may have come in before there was anything to write in
      void this.composer.updateComplete.then(
        () => document.hasFocus() && document.activeElement === document.body && this.#write(),
      );
    }
    const room = chat.room.shown?.id ?? "";
    if (stream && this.#divided !== room && chat.readBefore > 0) {
      this.#divided = room; // once, when it is known how far this reader had come
      stream.divider = chat.readBefore;
      this.#changed();
    }
  }

  // ---- what is pressed

  #act = ({ act, message: id, detail }: StreamAct): void => {
    const message = this.chat.room.find(id);
    if (act === "link") this.#openSheet({ kind: "link", url: detail });
    else if (act === "rewrite") this.#rewrite(detail);
    else if (message) this.#do(act, message, detail);
  };

  #do(act: string, message: MessageShown, detail = ""): void {
    const mine = message.author?.id === this.chat.room.me;
    this.open = null;
    if (act === "more") this.#openSheet({ kind: "message", message });
    else if (act === "report") this.#openSheet({ kind: "report", message });
    else if (act === "remove" && mine) this.#openSheet({ kind: "remove", message });
    else if (act === "reply") [this.reply, this.editing] = [message, null];
    else if (act === "edit" && this.#editable(message)) [this.editing, this.reply] = [message, null];
    else if (act === "copy") void this.#copy(message);
    else if (act === "react") void this.#complain(this.chat.react(message, detail));
    else if (act === "really-remove") void this.#complain(this.chat.remove(message.id));
    else if (act === "hide" && message.author) void this.#complain(this.chat.block(message.author.id, true));
  }

  /** Say what was against something that was asked; nothing when it was done. */
  async #complain(asked: Promise<string | null>): Promise<boolean> {
    const code = await asked;
    if (code) this.#tell(this.speech.error(code));
    return code === null;
  }

  async #copy({ id, body = "" }: MessageShown): Promise<void> {
    const copied = await copy(body, this.querySelector(`[data-id="${id}"] .text`));
    this.#tell(this.speech.say(copied ? "copied" : "notCopied"));
  }

  #editable = (message: MessageShown): boolean =>
    message.author?.id === this.chat.room.me && this.chat.now - Date.parse(message.at) < EDITABLE_MS;

  #editLast = (): void => {
    for (const { message } of this.chat.room.timeline.backwards())
      if (message.state !== "removed" && this.#editable(message)) {
        this.#do("edit", message);
        return;
      }
  };

  #written = ({ body, replyTo, mentions, editing }: Written): void => {
    if (editing) {
      const before = this.editing;
      this.editing = null;
      if (before?.body !== body)
        void this.#complain(this.chat.edit(editing, body)).then((done) => {
          if (!done) this.#putBack(body);
        });
      return;
    }
    this.reply = null;
    if (this.stream) this.stream.divider = 0;
    this.chat.post(body, replyTo, mentions);
    void this.stream?.toEnd();
  };

  #rewrite(id: string): void {
    const item = this.chat.outbox.get(id);
    if (!item) return;
    this.chat.discard(id);
    this.#putBack(item.body);
  }

  /** Put words back in front of what stands in the box, or of what will stand there once there is one. */
  #putBack(body: string): void {
    const { memory } = this.chat;
    const draft = memory.recall<string>("draft");
    memory.keep("draft", draft ? `${body}\n${draft}` : body);
    this.composer?.recall();
    this.composer?.area?.focus();
  }

  #cancel = (): void => {
    [this.reply, this.editing] = [null, null];
  };

  // ---- sheets

  #view(): SheetView {
    const doing: Doing = {
      close: () => {
        this.open = null;
      },
      open: (next) => this.#openSheet(next),
      act: (act, message, detail) => this.#do(act, message, detail),
      joined: (name) => void this.#join(name),
      tell: (sentence) => this.#tell(sentence),
      sound: (on) => {
        this.sound = on;
        this.chat.memory.write("sound", on);
        if (on) this.#cues.tone();
      },
      language: (language) => {
        this.chat.memory.write("language", language); // chosen by the reader, so it holds the next time too
        void this.learn([language]);
      },
    };
    const { chat, speech, busy, sound } = this;
    const canWrite = bar(chat, speech) === null;
    return {
      chat,
      speech,
      consentUrl: this.page.consent.url,
      sound,
      canWrite,
      busy,
      editable: this.#editable,
      doing,
    };
  }

  /** Say at once that somebody is there; whom to call stands there a moment later, and nothing closes by itself. */
  async #care(need: string): Promise<void> {
    this.#openSheet({ kind: "care", lines: [] });
    const lines = await this.chat.api.helplines(need, this.speech.language);
    if (this.open?.kind === "care") this.open = { kind: "care", lines };
  }

  #openSheet(next: Sheet): void {
    if (!this.open) this.#opener = document.activeElement as HTMLElement | null;
    this.open = next;
  }

  #closed = (): void => {
    if (!this.#named) {
      this.open = null;
      if (this.chat.naming) this.chat.ask(null);
    }
    this.#named = false;
    if (this.open) return;
    const { activeElement: active, body } = document;
    const back = active === body ? this.#opener : (active as HTMLElement | null);
    back?.blur(); // a box to which the browser has brought the focus back takes no keys until it is focused anew
    back?.focus();
  };

  #backdrop = (event: MouseEvent): void => {
    if (event.target === event.currentTarget) this.open = null;
  };

  async #join(name: string): Promise<void> {
    const next = this.open?.kind === "name" ? this.open.next : undefined;
    this.busy = true;
    await this.chat.signIn(name).finally(() => {
      this.busy = false;
    });
    if (!this.chat.naming) {
      this.open = next ?? null;
      this.#named = !next && this.querySelector("dialog")?.open === true;
      void this.stream?.toEnd();
    }
  }

  /** Show the whole page in another language. */
  async learn(wanted: readonly string[]): Promise<void> {
    this.speech = await speak(wanted, this.page.texts);
    this.speech.settle(document.documentElement);
    this.chat.room.timeline.touchAll();
    this.#changed();
  }

  #tell(sentence: string): void {
    this.told = sentence;
    setTimeout(() => {
      if (this.told === sentence) this.told = "";
    }, TOLD_MS);
  }

  // ---- calling the reader back

  #posted(message: MessageShown): void {
    const { say } = this.speech;
    const me = this.chat.room.me;
    const called = me !== null && (message.mentions?.includes(me) ?? false);
    const values = { name: message.author?.name ?? "", text: message.body ?? "" };
    const hidden = !this.chat.watched;
    if (hidden && called) this.#mentions += 1;
    if (this.sound && (hidden || called)) this.#cues.tone();
    this.#cues.announce(
      this.querySelector("#said"),
      say(called ? "mentioned" : "announce", values),
      (count) => say("announceMany", { count }),
    );
  }

  #count(): void {
    const { room } = this.chat;
    const unread = room.readTo > 0 ? Math.max(0, room.newest - room.readTo) : 0;
    countInTitle(unread);
    this.bridge.send({ type: "unread", count: unread, mentions: this.#mentions });
  }

  /** The reader has turned to us or away; what comes while they are away stands behind a line. */
  watch(watched: boolean): void {
    const { chat, stream } = this;
    if (watched === chat.watched) return;
    chat.watched = watched;
    if (!watched && stream) stream.divider = chat.room.newest;
    if (!watched) return;
    this.#mentions = 0;
    chat.live.wake();
    this.#changed();
  }

  /** Put a keyboard where one writes; a thumb would only get its keys in the way. */
  #write(): void {
    if (!matchMedia("(pointer: coarse)").matches) this.composer?.area?.focus();
  }
}
