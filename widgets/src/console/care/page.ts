/** `<narthex-care>`: the desk of those who pray with people: who is here, who waits, and the conversations one is in. */

import { html, nothing, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import type { CareSessionShown, CaseShown, WorkerShown } from "../../core/generated";
import { icon } from "../../core/icons";
import { ApiError, AT, type Session } from "../api";
import { Cover } from "../cover";
import { ConsoleForm } from "../form";
import { age } from "../queue/ages";
import { statusLine } from "../queue/status";
import { tabs } from "../tabs";
import { alert, bones, notice } from "../view";
import type { Watch } from "../watch/watch";
import { careWords } from "../words/care";
import { homeWords } from "../words/home";
import { queueWords } from "../words/queue";
import type { Gone } from "./conversation";
import { dutyPanel } from "./duty";

const LOOK_MS = 15_000; // nobody tells who comes on duty and who goes
const TICK_MS = 5_000;
const LEADERS = ["owner", "admin", "pastor"];
const OFFICE = ["owner", "admin"];

type Tab = "desk" | "tasks" | "past" | "phrases" | "settings";

export class NarthexCare extends ConsoleForm {
  static override properties = {
    ...ConsoleForm.properties,
    session: { attribute: false },
    watch: { attribute: false },
    tab: { state: true },
    mine: { state: true },
    people: { state: true },
    chosen: { state: true },
  };

  declare session: Session;
  declare watch: Watch;
  declare tab: Tab;
  declare mine: readonly CareSessionShown[] | null;
  declare people: readonly WorkerShown[];
  /** The conversation on the right. */
  declare chosen: string;
  #wanted = "";
  #given = new Set<string>();
  #alone = () => {};
  #timers: ReturnType<typeof setInterval>[] = [];
  readonly #cover = new Cover(() => this.#choose(""));
  readonly #words = careWords[this.language];

  constructor() {
    super();
    this.tab = "desk";
    this.mine = null;
    this.people = [];
    this.chosen = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#alone = this.watch.listen(this.#heard);
    this.#wanted = new URLSearchParams(window.location.search).get("conversation") ?? "";
    this.#timers = [
      setInterval(() => void this.#look(), LOOK_MS),
      setInterval(() => this.requestUpdate(), TICK_MS),
    ];
    this.#cover.start();
    void this.#begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#cover.stop();
    this.#alone();
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** What was handed over to me is read at once. */
  #heard = (): void => {
    const fresh = [...this.watch.given].filter((id) => !this.#given.has(id));
    this.#given = new Set(this.watch.given);
    if (fresh.length) void this.#look();
    this.requestUpdate();
  };

  protected override why(error: unknown): string {
    const known = error instanceof ApiError ? this.#words.codes[error.code] : undefined;
    return known ?? super.why(error);
  }

  #begin = async (): Promise<void> => {
    await this.attempt(async () => {
      await Promise.all([this.#read(), this.watch.duty.look(), this.#workers()]);
    });
  };

  async #workers(): Promise<void> {
    this.people = await this.api.get<WorkerShown[]>(AT.workers);
  }

  async #read(): Promise<void> {
    this.mine = await this.api.get<CareSessionShown[]>(AT.myConversations);
    if (this.mine.some(({ id }) => id === this.#wanted)) {
      this.chosen = this.#wanted;
      this.#wanted = "";
    }
  }

  /** Look again without a word when it fails: what is on the screen stays. */
  async #look(): Promise<void> {
    try {
      await Promise.all([this.#read(), this.watch.duty.look()]);
      if (!this.people.length) await this.#workers();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  protected override render(): TemplateResult {
    const words = this.#words;
    const { roles } = this.session.person;
    const is = (needed: readonly string[]) => needed.some((role) => roles.includes(role));
    const parts: Tab[] = ["desk", "tasks", ...(is(LEADERS) ? ["past" as const] : []), "phrases"];
    if (is(OFFICE)) parts.push("settings");
    return html`<div class="queue" data-case=${this.tab === "desk" && this.#open() ? "open" : "none"}>
      <div class="head">
        <h1 tabindex="-1">${words.title}</h1>
        ${tabs(parts, words.tabs, this.tab, (tab) => {
          this.tab = tab;
        })}
      </div>
      ${this.#tab()}
    </div>`;
  }

  #tab(): TemplateResult {
    const { api, people, session } = this;
    const { me } = this.watch;
    switch (this.tab) {
      case "tasks":
        return html`<narthex-tasks .api=${api} .people=${people} .me=${me}></narthex-tasks>`;
      case "past":
        return html`<narthex-past .api=${api} .session=${session}></narthex-past>`;
      case "phrases":
        return html`<narthex-phrases .api=${api}></narthex-phrases>`;
      case "settings":
        return html`<narthex-care-rules .api=${api}></narthex-care-rules>`;
      case "desk":
        return html`${statusLine(this.watch, queueWords[this.language], this.language, ["care"])} ${this.#desk()}`;
    }
  }

  #open(): CareSessionShown | undefined {
    return (
      this.mine?.find(({ id }) => id === this.chosen) ??
      (this.#kept?.id === this.chosen ? this.#kept : undefined)
    );
  }

  /** A conversation that is over stands in no list, and stays on the screen until it is closed. */
  #kept: CareSessionShown | undefined;

  protected override willUpdate(): void {
    const open = this.mine?.find(({ id }) => id === this.chosen);
    if (open) this.#kept = open;
  }

  protected override updated(): void {
    const open = this.#open() !== undefined;
    if (open) this.watch.looked(this.chosen);
    this.#cover.follow(open && this.tab === "desk");
  }

  #desk(): TemplateResult {
    const words = this.#words;
    if (!this.mine)
      return this.error
        ? html`${alert(this.error)}<button @click=${this.#begin}>${homeWords[this.language].again}</button>`
        : bones(this.say.loading, 6);
    const open = this.#open();
    return html`<div class="two">
      <div class="left">
        ${notice(this.done)} ${alert(this.error)}
        ${dutyPanel(this.watch.duty, words, this.language, queueWords[this.language])}
        <section class="card-like" aria-labelledby="waiting-title">
          <h2 id="waiting-title">${words.waiting}</h2>${this.#waiting()}
        </section>
        <section class="card-like" aria-labelledby="mine-title">
          <h2 id="mine-title">${words.mine}</h2>${this.#mine(this.mine)}
        </section>
      </div>
      <div class="right">${
        open
          ? html`<button class="back quiet" @click=${() => this.#choose("")}>${icon("arrowUp")} ${words.back}</button>
            ${keyed(
              open.id,
              html`<narthex-conversation .api=${this.api} .watch=${this.watch} .shown=${open}
                .people=${this.people} @gone=${this.#gone}></narthex-conversation>`,
            )}`
          : html`<p class="muted none">${words.noneChosen}</p>`
      }</div>
    </div>`;
  }

  #waiting(): TemplateResult {
    const words = this.#words;
    const waiting = this.watch.cases.list.filter(
      ({ kind, subject }) => kind === "care" && !this.mine?.some(({ id }) => id === subject),
    );
    if (!waiting.length) return html`<p class="hint">${words.nobodyWaits}</p>`;
    return html`<ul class="list">${waiting.map((one) => this.#waits(one))}</ul>`;
  }

  #waits(one: CaseShown): TemplateResult {
    const words = this.#words;
    const say = queueWords[this.language];
    const { care, reason } = one;
    const name = care?.name || words.someone;
    const second = reason === "second";
    return html`<li>
      <div class="what">
        <strong><bdi>${name}</bdi></strong>
        <span class="muted">${words.waitsFor(age(one.opened_at, this.language))} · ${say.languages[care?.language ?? ""] ?? care?.language}</span>
        <span class="badges">
          ${one.crisis ? html`<span class="reason urgent">${say.crisis}</span>` : nothing}
          ${second ? html`<span class="reason">${say.second}</span>` : nothing}
          ${care?.minor ? html`<span class="badge">${words.minor}</span>` : nothing}
        </span>
        ${care?.topic ? html`<span class="text first" dir="auto">${care.topic}</span>` : nothing}
      </div>
      <button class="strong" ?disabled=${this.busy} aria-label=${`${second ? words.join : words.go}: ${name}`} @click=${() => this.#go(one)}>
        ${second ? words.join : words.go}</button>
    </li>`;
  }

  #mine(mine: readonly CareSessionShown[]): TemplateResult {
    const words = this.#words;
    if (!mine.length) return html`<p class="hint">${words.noMine}</p>`;
    return html`<ul class="list">${mine.map(
      ({
        id,
        name,
        first,
        second,
      }) => html`<li><button class="what talk-of" aria-pressed=${id === this.chosen}
        @click=${() => this.#choose(id)}><strong><bdi>${name || words.someone}</bdi></strong>
        <span class="muted">${words.with([first, second].filter(Boolean).join(", "))}</span></button></li>`,
    )}</ul>`;
  }

  #choose(id: string): void {
    this.chosen = id;
    this.done = "";
    void this.focusOn(id ? "narthex-conversation h2" : "h1");
  }

  async #go({ subject, reason }: CaseShown): Promise<void> {
    const act = reason === "second" ? "join" : "accept";
    const done = await this.attempt(async () => {
      const shown = await this.api.send<CareSessionShown>("POST", `${AT.conversation(subject)}/${act}`);
      this.mine = [...(this.mine ?? []).filter(({ id }) => id !== shown.id), shown];
    });
    if (!done) return;
    this.#choose(subject);
    void this.focusOn("#write");
  }

  #gone = ({ text }: Gone): void => {
    this.#kept = undefined;
    this.mine = this.mine?.filter(({ id }) => id !== this.chosen) ?? null;
    this.#choose("");
    this.done = text;
    void this.#look();
  };
}
