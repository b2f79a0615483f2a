/** `<narthex-requests>`: every prayer request the team may read, found by words, state, readers and theme. */

import { html, nothing, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { repeat } from "lit/directives/repeat.js";
import type { TeamRequest, WorkerShown } from "../../core/generated";
import { icon } from "../../core/icons";
import { AT, type Session } from "../api";
import { Cover } from "../cover";
import { ConsoleForm } from "../form";
import { publicWords } from "../queue/wording";
import { since } from "../time";
import { alert, bones } from "../view";
import { homeWords } from "../words/home";
import { prayerWords } from "../words/prayers";
import { queueWords } from "../words/queue";
import { STATES, TEAM_CATEGORIES, VISIBILITIES } from "./choices";
import type { Changed } from "./request";

interface Wanted {
  readonly q: string;
  readonly state: string;
  readonly visibility: string;
  readonly category: string;
}

const ANYTHING: Wanted = { q: "", state: "", visibility: "", category: "" };

export class NarthexRequests extends ConsoleForm {
  static override properties = {
    ...ConsoleForm.properties,
    session: { attribute: false },
    people: { attribute: false },
    requests: { state: true },
    next: { state: true },
    wanted: { state: true },
    chosen: { state: true },
  };

  declare session: Session;
  declare people: readonly WorkerShown[];
  declare requests: readonly TeamRequest[] | null;
  declare next: string | null;
  declare wanted: Wanted;
  /** The id of the request on the right. */
  declare chosen: string;
  readonly #cover = new Cover(() => this.#choose(""));
  readonly #words = prayerWords[this.language];

  constructor() {
    super();
    this.people = [];
    this.requests = null;
    this.next = null;
    this.wanted = ANYTHING;
    this.chosen = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#cover.start();
    void this.#load(null);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#cover.stop();
  }

  protected override updated(): void {
    this.#cover.follow(this.#shown !== undefined);
  }

  get #shown(): TeamRequest | undefined {
    return this.requests?.find(({ id }) => id === this.chosen);
  }

  #load = (after: string | null): Promise<boolean> =>
    this.look(
      () =>
        this.api.get<{ items: TeamRequest[]; next: string | null }>(AT.prayers, {
          q: this.wanted.q || undefined,
          state: this.wanted.state || undefined,
          visibility: this.wanted.visibility || undefined,
          category: this.wanted.category || undefined,
          after: after ?? undefined,
        }),
      ({ items, next }) => {
        this.requests = [...(after ? (this.requests ?? []) : []), ...items];
        this.next = next;
      },
    );

  #want(change: Partial<Wanted>): void {
    this.wanted = { ...this.wanted, ...change };
    this.requests = null;
    this.chosen = "";
    void this.#load(null);
  }

  protected override render(): TemplateResult {
    const chosen = this.#shown;
    return html`<div class="queue" data-case=${chosen ? "open" : "none"}><div class="two">
      <div class="left">
        ${this.#filters()} ${alert(this.error)}
        <div class="scroll">${this.requests ? this.#list(this.requests) : this.#missing()}</div>
      </div>
      <div class="right">${chosen ? this.#one(chosen) : html`<p class="muted none">${this.#words.noneChosen}</p>`}</div>
    </div></div>`;
  }

  #filters(): TemplateResult {
    const words = this.#words;
    const box = (
      name: "state" | "visibility" | "category",
      any: string,
      label: string,
      values: readonly string[],
      names: Readonly<Record<string, string>>,
    ) =>
      html`<select aria-label=${label} @change=${(event: Event) => this.#want({ [name]: (event.target as HTMLSelectElement).value })}>
        <option value="" .selected=${!this.wanted[name]}>${any}</option>
        ${values.map((one) => html`<option value=${one} .selected=${one === this.wanted[name]}>${names[one]}</option>`)}
      </select>`;
    return html`<form role="search" class="composer" @submit=${this.#search}>
        <label class="hidden" for="q">${words.search}</label>
        <input id="q" name="q" type="search" maxlength="200" autocomplete="off" placeholder=${words.searchHint} .value=${this.wanted.q} />
        <button aria-label=${words.go}>${words.search}</button>
      </form>
      <div class="row filters tabs">
        ${box("state", words.anyState, words.state, STATES, words.states)}
        ${box("visibility", words.anyVisibility, words.visibility, VISIBILITIES, words.visibilities)}
        ${box("category", words.anyCategory, words.category, TEAM_CATEGORIES, words.categories)}
      </div>`;
  }

  #search = (event: SubmitEvent): void => {
    event.preventDefault();
    this.#want({ q: this.querySelector<HTMLInputElement>("#q")?.value.trim() ?? "" });
  };

  #missing(): TemplateResult {
    return this.error
      ? html`<button @click=${() => this.#load(null)}>${homeWords[this.language].again}</button>`
      : bones(this.say.loading);
  }

  #list(requests: readonly TeamRequest[]): TemplateResult {
    const words = this.#words;
    if (!requests.length) {
      const asked = Object.values(this.wanted).some(Boolean);
      return html`<p class="empty">${asked ? words.none : words.empty}</p>`;
    }
    return html`<ul class="requests">${repeat(
      requests,
      ({ id }) => id,
      (request) => html`<li><button aria-pressed=${request.id === this.chosen} data-id=${request.id}
        @click=${() => this.#choose(request.id)}>${this.#entry(request)}</button></li>`,
    )}</ul>
      ${
        this.next
          ? html`<button ?disabled=${this.busy} @click=${() => this.#load(this.next)}>${homeWords[this.language].more}</button>`
          : nothing
      }`;
  }

  #entry(request: TeamRequest): TemplateResult {
    const words = this.#words;
    return html`<span class="byline">
        <span class="badge">${words.states[request.state]}</span>
        ${request.crisis ? html`<span class="reason urgent">${queueWords[this.language].crisis}</span>` : nothing}
        ${request.urgent ? html`<span class="reason">${words.urgent}</span>` : nothing}
        <span class="muted">${since(request.at, this.language)}</span></span>
      <span class="text first" dir="auto">${publicWords(request)}</span>
      <span class="muted"><bdi>${request.name || words.nobody}</bdi> · ${words.visibilities[request.visibility]}
        · ${words.categories[request.category]}</span>`;
  }

  #one(request: TeamRequest): TemplateResult {
    const words = this.#words;
    return html`<button class="back quiet" @click=${() => this.#choose("")}>${icon("arrowUp")} ${words.back}</button>
      ${keyed(
        request.id,
        html`<narthex-request .api=${this.api} .session=${this.session} .people=${this.people} .request=${request}
          @changed=${({ request: now }: Changed) => this.#changed(now)}></narthex-request>`,
      )}`;
  }

  #choose(id: string): void {
    const before = this.chosen;
    this.chosen = id;
    void this.focusOn(id ? "narthex-request h2" : `[data-id="${CSS.escape(before)}"]`);
  }

  #changed(now: TeamRequest): void {
    this.requests = this.requests?.map((one) => (one.id === now.id ? now : one)) ?? null;
  }
}
