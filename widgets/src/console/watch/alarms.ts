/** `<narthex-alarms>`: what must not wait, on every page, until somebody has seen to it. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { AlarmShown } from "../../core/generated";
import { icon } from "../../core/icons";
import { AT, type ConsoleApi } from "../api";
import { age } from "../queue/ages";
import { alert, ConsoleElement } from "../view";
import { queueWords } from "../words/queue";
import { type Chime, chime, soundSwitch } from "./chime";
import type { Watch } from "./watch";

const TICK_MS = 10_000;

/** Fired when what an alarm is about shall be shown. */
export class LookAt extends Event {
  constructor(readonly alarm: Pick<AlarmShown, "about" | "subject">) {
    super("look-at", { bubbles: true });
  }
}

export class NarthexAlarms extends ConsoleElement {
  static override properties = {
    api: { attribute: false },
    watch: { attribute: false },
    error: { state: true },
    busy: { state: true },
  };

  declare api: ConsoleApi;
  declare watch: Watch;
  declare error: string;
  /** The alarm that is being marked as seen. */
  declare busy: string;
  readonly #words = queueWords[this.language];
  readonly #chime: Chime = chime();
  #alone = () => {};
  #tick: ReturnType<typeof setInterval> | undefined;
  #rung = new Set<string>();

  constructor() {
    super();
    this.error = "";
    this.busy = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#alone = this.watch.listen(() => this.requestUpdate());
    this.#tick = setInterval(() => this.requestUpdate(), TICK_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#alone();
    clearInterval(this.#tick);
  }

  protected override updated(): void {
    const calls = this.watch.calls;
    if (calls.some((id) => !this.#rung.has(id))) this.#chime.ring();
    this.#rung = new Set(calls);
  }

  protected override render(): TemplateResult {
    const alarms = [...this.watch.alarms.values()].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
    return html`${repeat(
      alarms,
      ({ id }) => id,
      (alarm) => this.#one(alarm),
    )}
      ${[...this.watch.given].map((id) => this.#given(id))}
      ${alarms.length ? soundSwitch(this.#words.sound) : nothing} ${alert(this.error)}`;
  }

  #one(alarm: AlarmShown): TemplateResult {
    const words = this.#words;
    const what = words.alarms[alarm.kind] ?? alarm.kind;
    return html`<div class="alarm">
      <p>${icon("warning")} <strong role="alert">${words.alarm}: ${what}</strong>
        <span>${words.abouts[alarm.about]} · ${age(alarm.at, this.language)}</span></p>
      <div class="row">
        <button class="look" @click=${() => this.dispatchEvent(new LookAt(alarm))}>${words.look}</button>
        <button ?disabled=${this.busy === alarm.id} @click=${() => this.#seen(alarm)}>${words.hush}</button>
      </div>
    </div>`;
  }

  #given(id: string): TemplateResult {
    const words = this.#words;
    const look = () => {
      this.watch.looked(id);
      this.dispatchEvent(new LookAt({ about: "care", subject: id }));
    };
    return html`<div class="alarm given">
      <p>${icon("people")} <strong role="status">${words.given}</strong></p>
      <div class="row"><button class="look" @click=${look}>${words.go}</button></div>
    </div>`;
  }

  async #seen({ id }: AlarmShown): Promise<void> {
    this.busy = id;
    this.error = "";
    try {
      this.watch.heard(await this.api.send<AlarmShown>("POST", AT.seenAlarm(id)));
    } catch (error) {
      this.error = this.why(error);
    } finally {
      this.busy = "";
    }
  }
}
