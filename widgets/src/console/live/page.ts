/** `<narthex-live>`: a host's desk. The list on the left, the case on the right, everything by key and by thumb. */

import { html, nothing, type TemplateResult } from "lit";
import type { MessageShown } from "../../core/generated";
import { ApiError, type ConsoleApi, type Session } from "../api";
import { Cover } from "../cover";
import type { NarthexUndo, Offer } from "../undo";
import { alert, bones, ConsoleElement } from "../view";
import { homeWords } from "../words/home";
import { liveWords } from "../words/live";
import { Acts, type Done } from "./acts";
import type { NarthexCase } from "./case";
import type { NarthexControls } from "./controls";
import { Desk, liveAddress } from "./desk";
import type { Chosen } from "./people";
import type { Act, NarthexPerson } from "./person";
import type { Case } from "./queue";
import type { HostRoom, Somebody } from "./room";
import { roomChoice, roomNotice } from "./rooms";
import { Standing } from "./standing";
import { statusLine } from "./status";
import { caseList, messageList, messageOf } from "./stream";
import { Writing } from "./writing";

const DRAW_MS = 100; // a flood of frames is drawn at most so often
const NEAR_END = 80; // px
const PARTS = "narthex-case, narthex-person, narthex-here, narthex-controls, narthex-undo";

type View = "room" | "waiting" | "people";

export class NarthexLive extends ConsoleElement {
  static override properties = {
    api: { attribute: false },
    slug: {},
    session: { attribute: false },
    view: { state: true },
    chosen: { state: true },
    offer: { state: true },
    error: { state: true },
    keys: { state: true },
    behind: { state: true },
  };

  declare api: ConsoleApi;
  declare slug: string;
  declare session: Session;
  declare view: View;
  /** The id of the message, case or person on the right. */
  declare chosen: string;
  declare offer: Offer | null;
  declare error: string;
  /** Whether single keys do something. */
  declare keys: boolean;
  /** How many messages came while the reader looked at older ones. */
  declare behind: number;
  #desk!: Desk;
  #acts!: Acts;
  #writing!: Writing;
  #standing!: Standing;
  #seen = 0;
  #opened: HostRoom | undefined; // the room whose end was shown
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #cover = new Cover(() => this.#shut());
  readonly #words = liveWords[this.language];

  constructor() {
    super();
    this.view = "room";
    this.chosen = "";
    this.offer = null;
    this.error = "";
    this.keys = true;
    this.behind = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#acts = new Acts(this.api, this.#words);
    this.#desk = new Desk(this.api, liveAddress(window.location, this.slug), this.#soon);
    this.#writing = new Writing(this.#desk, this.#words, (error) => {
      this.error = error;
      this.requestUpdate();
    });
    this.#standing = new Standing(this.api, this.session.person.roles, this.#soon);
    this.#desk.wanted = new URLSearchParams(window.location.search).get("room") ?? "";
    window.addEventListener("online", this.#wake);
    document.addEventListener("visibilitychange", this.#wake);
    this.addEventListener("keydown", this.#pressed);
    this.#cover.start();
    void this.#desk.start();
    void this.#standing.look();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("online", this.#wake);
    document.removeEventListener("visibilitychange", this.#wake);
    this.removeEventListener("keydown", this.#pressed);
    clearTimeout(this.#timer);
    this.#cover.stop();
    this.#desk.stop();
  }

  #wake = (): void => {
    if (document.visibilityState === "visible") this.#desk.wake();
  };

  #soon = (): void => {
    if (!this.isConnected) return; // the last word of a desk that was left
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.requestUpdate();
    }, DRAW_MS);
  };

  // ---- drawing

  protected override render(): TemplateResult {
    const words = this.#words;
    return html`
      <div class="desk" data-case=${this.#message() || this.#person() ? "open" : "none"}>
        <h1 tabindex="-1">${words.title}</h1>
        ${statusLine(this.#desk, words, this.language)} ${alert(this.error)} ${this.#body()}
      </div>
      <narthex-undo .offer=${this.offer}></narthex-undo>
    `;
  }

  #body(): TemplateResult {
    const { rooms, failed } = this.#desk;
    if (!rooms)
      return failed
        ? html`${alert(this.why(failed))}<button @click=${this.#desk.look}>${homeWords[this.language].again}</button>`
        : bones(this.say.loading);
    if (!rooms.length && !this.#desk.closed) return html`<p class="empty">${this.#words.noRooms}</p>`;
    return html`<div class="two">
      <div class="left">${this.#tabs()} ${this.#notice()} ${this.#list()}</div>
      <div class="right">${this.#case()}</div>
    </div>`;
  }

  #tabs(): TemplateResult {
    const words = this.#words;
    return html`<div class="row tabs">
      ${roomChoice(this.#desk, words, (room) => this.#choose(room))}
      <button aria-pressed=${this.view === "room"} @click=${() => this.#show("room")}>${words.room}</button>
      <button aria-pressed=${this.view === "waiting"} aria-keyshortcuts="q" @click=${() => this.#show("waiting")}>
        ${words.waiting(this.#desk.queue.cases.length)} <kbd>Q</kbd>
      </button>
      <button aria-pressed=${this.view === "people"} aria-keyshortcuts="w" @click=${() => this.#show("people")}>
        ${words.who(this.#desk.room.here)} <kbd>W</kbd>
      </button>
    </div>`;
  }

  #notice(): TemplateResult | typeof nothing {
    return roomNotice(this.#desk, this.#words, (gathering) => {
      void this.#do(() => this.#acts.endRehearsal(gathering));
    });
  }

  #list(): TemplateResult {
    if (this.view === "waiting") return this.#waiting();
    if (this.view === "room") return this.#room();
    const { room, hosts } = this.#desk;
    return html`<narthex-here .people=${new Map(room.people)} .hosts=${hosts} .count=${room.here} .chosen=${this.chosen}
      @chosen=${({ id }: Chosen) => this.#pick(id)}></narthex-here>`;
  }

  #room(): TemplateResult {
    const words = this.#words;
    const { room, closed } = this.#desk;
    return html`
      <div class="scroll" @scroll=${this.#scrolled}>
        ${
          room.shown
            ? room.messages.length
              ? messageList(room.messages, this.#look())
              : html`<p class="empty">${closed ? "" : words.noMessages}</p>`
            : bones(this.say.loading)
        }
      </div>
      ${
        this.behind
          ? html`<button class="pill strong" @click=${this.#toEnd}>↓ ${words.newer(this.behind)}</button>`
          : nothing
      }
      ${this.#writing.box()}
      ${room.shown && !closed ? html`<narthex-controls .room=${room.shown} .acts=${this.#acts} @act=${this.#act}></narthex-controls>` : nothing}
      ${
        this.#desk.rooms?.some(({ room: { kind, rehearses } }) => kind === "hosts" && !rehearses)
          ? nothing
          : html`<button @click=${this.#backChannel}>${words.openBackChannel}</button>`
      }
    `;
  }

  #waiting(): TemplateResult {
    const { cases } = this.#desk.queue;
    return html`<div class="scroll">
      ${cases.length ? caseList(cases, this.#look()) : html`<p class="empty">${this.#words.noCases}</p>`}
    </div>`;
  }

  #case(): TemplateResult {
    const words = this.#words;
    const [message, person] = [this.#message(), this.#person()];
    const { room, hosts } = this.#desk;
    const me = this.session.person.id;
    const { spared } = this.#standing;
    return html`
      ${
        message || person
          ? html`<button class="shut quiet" aria-label=${words.shut} @click=${() => this.#shut()}>
              <span aria-hidden="true">×</span></button>`
          : nothing
      }
      ${
        message
          ? html`<narthex-case .acts=${this.#acts} .message=${message} .waiting=${this.#waits()}
              .room=${message.room} .me=${me} .spared=${spared} @act=${this.#act}></narthex-case>`
          : person
            ? html`<narthex-person .acts=${this.#acts} .person=${person} .host=${hosts.has(person.id)}
              .room=${room.shown?.id ?? ""} .me=${me} .spared=${spared} @act=${this.#act}></narthex-person>`
            : html`<p class="muted none">${words.noneChosen} <span class="wide">${words.noneChosenKeys}</span></p>`
      }
      <label class="check keys" title=${words.keysHint}>
        <input type="checkbox" .checked=${this.keys} @change=${(event: Event) => {
          this.keys = (event.target as HTMLInputElement).checked;
        }} />${words.keys}
      </label>
    `;
  }

  /** Let go of what is chosen: on a phone it lies over the list. */
  #shut(): void {
    const id = this.chosen;
    this.chosen = "";
    void this.updateComplete.then(() =>
      this.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`)?.scrollIntoView({ block: "nearest" }),
    );
  }

  #look() {
    return { words: this.#words, language: this.language, chosen: this.chosen, choose: this.#pick };
  }

  #pick = (id: string): void => {
    this.chosen = id;
  };

  #waits(): Case | null {
    return this.#desk.queue.cases.find(({ id }) => id === this.chosen) ?? null;
  }

  #person(): Somebody | undefined {
    return this.view === "people" ? this.#desk.room.people.get(this.chosen) : undefined;
  }

  #message(): MessageShown | undefined {
    if (this.view === "people") return undefined;
    const waits = this.#waits();
    if (waits) return this.#desk.room.find(this.chosen) ?? messageOf(waits);
    return this.view === "room" ? this.#desk.room.find(this.chosen) : undefined;
  }

  // ---- the end of the stream

  protected override willUpdate(): void {
    void this.#keepFocus();
  }

  /** What has the focus may go, by our own hand or another host's: the keys must go on working. */
  async #keepFocus(): Promise<void> {
    if (!this.contains(document.activeElement)) return;
    await this.updateComplete;
    for (const part of this.querySelectorAll<ConsoleElement>(PARTS)) await part.updateComplete;
    if (document.activeElement !== document.body) return;
    if (this.chosen) this.#focusList({ preventScroll: true });
    else this.querySelector("h1")?.focus({ preventScroll: true }); // an entry would be chosen by it
  }

  #focusList(how: FocusOptions = {}): void {
    const entry = this.querySelector<HTMLElement>('[role="option"][tabindex="0"]');
    (entry ?? this.querySelector("h1"))?.focus(how);
  }

  protected override updated(): void {
    this.#cover.follow(Boolean(this.#message() || this.#person()));
    const { room } = this.#desk;
    if (this.view !== "room") return;
    if (room.shown && room !== this.#opened) {
      this.#opened = room;
      this.#toEnd();
      return;
    }
    const fresh = room.arrived - this.#seen;
    if (!fresh) return;
    const box = this.querySelector(".scroll");
    if (box && this.#following) {
      box.scrollTop = box.scrollHeight;
      this.#seen = room.arrived;
    } else if (this.behind !== fresh) this.behind = fresh;
  }

  #following = true;

  #scrolled = (event: Event): void => {
    const box = event.target as HTMLElement;
    this.#following = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END;
    if (this.#following) this.#caughtUp();
  };

  #caughtUp(): void {
    this.#seen = this.#desk.room.arrived;
    this.behind = 0;
  }

  #toEnd = (): void => {
    const box = this.querySelector(".scroll");
    if (box) box.scrollTop = box.scrollHeight;
    this.#following = true;
    this.#caughtUp();
  };

  // ---- doing

  #choose(room: string): void {
    this.#desk.choose(room);
    this.chosen = "";
    this.#following = true;
    this.#caughtUp();
    this.#show("room");
  }

  #show(view: View): void {
    this.view = view;
    if (view === "room") this.#following = true;
    this.#seen = Math.min(this.#seen, this.#desk.room.arrived - 1); // so that the end is shown again
    this.requestUpdate();
  }

  #act = ({ work, decides }: Act): Promise<void> => this.#do(work, decides);

  readonly #doing = new Set<string>(); // the cases that are being decided; "" is everything else

  /** Do one thing about a case at a time, and one of all else: a second press is not meant for what came of the first. */
  #do = async (work: () => Promise<Done>, decides = ""): Promise<void> => {
    if (this.#doing.has(decides)) {
      this.error = this.#words.oneByOne;
      return;
    }
    this.#doing.add(decides);
    const at = this.#desk.queue.cases.findIndex(({ id }) => id === decides);
    this.error = "";
    try {
      const { text, undo } = await work();
      this.offer = { text, ...(undo ? { undo: () => this.#takeBack(undo) } : {}) };
      if (decides) this.#decided(decides, at);
      void this.#desk.look(); // what no frame tells at once: the lockdown of a church, reports
    } catch (error) {
      this.error = this.why(error);
      if (error instanceof ApiError && error.code === "already_decided") this.#decided(decides, at);
    } finally {
      this.#doing.delete(decides);
      if (this.error === this.#words.oneByOne) this.error = "";
      this.querySelector<NarthexControls>("narthex-controls")?.requestUpdate(); // a choice that did not count goes
    }
  };

  /** Take something back; the button that does it goes at once. */
  #takeBack(undo: () => Promise<unknown>): Promise<unknown> {
    void this.#keepFocus();
    return undo().finally(this.#desk.look);
  }

  /** A case is off the list: go on with the one that takes its place, so that a hand need not leave the keys. */
  #decided(id: string, at: number): void {
    const { queue } = this.#desk;
    queue.decided(id);
    this.requestUpdate();
    if (at < 0 || this.view !== "waiting") return;
    const left = queue.cases;
    this.chosen = (left[at] ?? left.at(-1))?.id ?? "";
    void this.updateComplete.then(() => this.#focusList());
  }

  protected override why(error: unknown): string {
    const known = error instanceof ApiError ? this.#words.codes[error.code] : undefined;
    return known ?? super.why(error);
  }

  #backChannel = async (): Promise<void> => {
    try {
      const room = await this.#acts.backChannel();
      await this.#desk.look();
      this.#choose(room.id);
    } catch (error) {
      this.error = this.why(error);
    }
  };

  // ---- keys

  #pressed = (event: KeyboardEvent): void => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea, select")) return;
    const key = event.key.toLowerCase();
    const moved = this.#moves(target, key);
    // a key that is held moves on, and does nothing a second time: what comes next was not read
    if (moved || (this.keys && !event.repeat && this.#does(key))) event.preventDefault();
  };

  /** Move within the list: arrows always, J and K while keys are on. */
  #moves(target: HTMLElement, key: string): boolean {
    const down = key === "arrowdown" || (this.keys && key === "j");
    const up = key === "arrowup" || (this.keys && key === "k");
    if (!down && !up) return false;
    const entries = [...this.querySelectorAll<HTMLElement>('[role="option"]')];
    const inList =
      target.closest('[role="option"]') ?? entries.find(({ dataset }) => dataset.id === this.chosen);
    const at = entries.indexOf(inList as HTMLElement);
    const next = at < 0 ? entries.at(-1) : entries[at + (down ? 1 : -1)];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
    return true;
  }

  #does(key: string): boolean {
    const other = ({ q: "waiting", w: "people" } as const)[key];
    if (other) {
      this.#show(this.view === other ? "room" : other);
      void this.updateComplete.then(() => this.#focusList());
      return true;
    }
    if (key === "z") {
      void this.querySelector<NarthexUndo>("narthex-undo")?.take();
      return true;
    }
    if (key === "l" && this.#desk.room.shown) {
      this.querySelector<NarthexControls>("narthex-controls")?.lockdown();
      return true;
    }
    const shown = this.querySelector<NarthexCase | NarthexPerson>("narthex-case, narthex-person");
    return shown?.press(key) ?? false;
  }
}
