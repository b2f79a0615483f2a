/** `<narthex-own-prayer>`: one's own request, by its secret link or signed in: change, tell how it goes on, take back. */

import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { OwnRequest } from "../core/generated";
import { type Helpline, helplines } from "../core/helplines";
import { type Http, HttpError } from "../core/http";
import { care } from "./care";
import type { Asker, Link } from "./page";
import type { Speech } from "./speech";
import type { Key } from "./words/en";

type Act = "change" | "answered" | "updates" | "withdraw" | null;

const STANDS = new Set(["approved", "answered"]);
const WAITS = new Set(["held", "pastor"]);
const TOLD_MS = 8_000;

export class NarthexOwnPrayer extends LitElement {
  static override properties = {
    speech: { attribute: false },
    request: { state: true },
    gone: { state: true },
    act: { state: true },
    busy: { state: true },
    problem: { state: true },
    told: { state: true },
    lines: { state: true },
  };

  declare visitor: Asker;
  declare speech: Speech;
  declare link: Link;
  /** Called to go back to the form. */
  declare back: () => void;
  declare request: OwnRequest | null;
  declare gone: string;
  declare act: Act;
  declare busy: boolean;
  declare problem: string;
  declare told: string;
  declare lines: readonly Helpline[] | null;
  #http: Http | null = null;

  constructor() {
    super();
    this.request = null;
    this.gone = "";
    this.act = null;
    this.busy = false;
    this.problem = "";
    this.told = "";
    this.lines = null;
  }

  protected override createRenderRoot(): this {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#http = this.visitor.asker(this.link.token || null);
    void this.load();
  }

  load = async (): Promise<void> => {
    this.gone = "";
    try {
      this.request = (await this.#http?.get<OwnRequest>(`/prayers/${this.link.id}/own`)) ?? null;
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      if (error.status === 403 || error.status === 404) this.visitor.drop(this.link.id);
      this.gone = error.code;
    }
  };

  protected override render(): TemplateResult {
    const { say } = this.speech;
    return html`${this.lines ? care(this.lines, this.speech) : nothing}
      <main class="fields">
        <header class="top"><h1 tabindex="-1">${say("ownTitle")}</h1>
          <button class="plain" @click=${this.back}>${say("askFor")}</button></header>
        ${this.#body()}
        <p class="why" role="status">${this.told}</p>
      </main>`;
  }

  #body(): TemplateResult {
    const { say, error } = this.speech;
    if (this.gone) {
      const again = this.gone !== "link_over" && this.gone !== "no_such_request";
      return html`<p class="alert" role="alert">${again ? error(this.gone) : say("ownGone")}</p>
        ${again ? html`<button class="secondary" @click=${this.load}>${say("retry")}</button>` : nothing}`;
    }
    const { request } = this;
    if (!request) return html`<div class="card bone" aria-busy="true"></div>`;
    return html`${this.#shown(request)}${this.act ? this.#form(this.act, request) : this.#acts(request)}`;
  }

  #shown(request: OwnRequest): TemplateResult {
    const { say, dates } = this.speech;
    const { state, body, public_body, prayed = 0, tell_prayed, at, replies = [], testimony } = request;
    return html`<article class="card">
      <p class="tag">${say(`state_${state}` as Key)}</p>
      <p class="words" dir="auto">${body}</p>
      ${public_body ? html`<p class="why" dir="auto">${say("wall")}: ${public_body}</p>` : nothing}
      ${testimony ? html`<blockquote class="testimony" dir="auto">${testimony}</blockquote>` : nothing}
      <p class="who"><time datetime=${at}>${dates.full(new Date(at).getTime())}</time></p>
      ${tell_prayed && prayed > 0 ? html`<p class="count">${say("prayedCount", { count: prayed })}</p>` : nothing}
    </article>
    ${
      replies.length === 0
        ? nothing
        : html`<h2>${say("replies")}</h2><ul class="replies">${replies.map(
            (reply) => html`<li><span dir="auto">${reply.body}</span>
              <small>${reply.name ? html`<bdi>${reply.name}</bdi> ` : nothing}${reply.state === "held" ? say("waits") : nothing}</small></li>`,
          )}</ul>`
    }`;
  }

  #acts({ state }: OwnRequest): TemplateResult {
    const { say } = this.speech;
    const to = (act: NonNullable<Act>) => () => this.#open(act);
    const open = STANDS.has(state) || WAITS.has(state);
    return html`<div class="row">
      ${open ? html`<button class="secondary" data-act="change" @click=${to("change")}>${say("change")}</button>` : nothing}
      ${STANDS.has(state) ? html`<button class="secondary" data-act="updates" @click=${to("updates")}>${say("addUpdate")}</button>` : nothing}
      ${state === "approved" ? html`<button class="primary" data-act="answered" @click=${to("answered")}>${say("markAnswered")}</button>` : nothing}
      ${state === "expired" ? html`<button class="primary" @click=${() => void this.#do("POST", "renew", {})}>${say("renew")}</button>` : nothing}
      ${open || state === "expired" ? html`<button class="danger" data-act="withdraw" @click=${to("withdraw")}>${say("withdraw")}</button>` : nothing}
    </div>${this.#problem()}`;
  }

  #problem(): TemplateResult | typeof nothing {
    return this.problem ? html`<p class="alert" role="alert">${this.problem}</p>` : nothing;
  }

  /** Go to where one writes, or to the question: its button would take the Enter that is still held down. */
  #open(act: NonNullable<Act>): void {
    this.act = act;
    this.problem = "";
    this.told = "";
    void this.#focus("[data-first]");
  }

  #cancel(act: NonNullable<Act>): void {
    this.act = null;
    this.problem = "";
    void this.#focus(`[data-act="${act}"]`);
  }

  /** Put the focus where somebody goes on; at the title when what they pressed is not there any more. */
  async #focus(place: string): Promise<void> {
    await this.updateComplete;
    (this.querySelector<HTMLElement>(place) ?? this.querySelector<HTMLElement>("h1"))?.focus();
  }

  #tell(sentence: string): void {
    this.told = sentence;
    setTimeout(() => {
      if (this.told === sentence) this.told = "";
    }, TOLD_MS);
  }

  #form(act: NonNullable<Act>, request: OwnRequest): TemplateResult {
    const { say } = this.speech;
    const fields: Record<NonNullable<Act>, TemplateResult> = {
      change: html`<label for="words">${say("words")}</label>
        <textarea id="words" data-first name="body" rows="6" maxlength="5000" required dir="auto" .value=${request.body}></textarea>
        <p class="why">${say("changeHint")}</p>`,
      updates: html`<label for="words">${say("addUpdate")}</label>
        <textarea id="words" data-first name="body" rows="4" maxlength="1000" required dir="auto"></textarea>`,
      answered: html`<label for="words">${say("testimony")}</label>
        <textarea id="words" data-first name="testimony" rows="4" maxlength="1000" dir="auto"></textarea>
        <p class="why">${say("testimonyHint")}</p>`,
      withdraw: html`<p data-first tabindex="-1">${say("withdrawSure")}</p>`,
    };
    const done = act === "withdraw" ? "withdraw" : act === "answered" ? "markAnswered" : "save";
    return html`<form @submit=${(event: SubmitEvent) => void this.#submit(event, act)}>
      ${fields[act]}
      ${this.#problem()}
      <button class=${act === "withdraw" ? "danger" : "primary"} ?disabled=${this.busy}>${say(done)}</button>
      <button class="plain" type="button" @click=${() => this.#cancel(act)}>${say("cancel")}</button>
    </form>`;
  }

  async #submit(event: SubmitEvent, act: NonNullable<Act>): Promise<void> {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.target as HTMLFormElement));
    if (act === "change") await this.#do("PATCH", "own", given);
    else await this.#do("POST", act, given);
  }

  async #do(method: "POST" | "PATCH", path: string, body: unknown): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.problem = "";
    this.told = "";
    try {
      const answer = await this.#http?.send<{ card?: string }>(
        method,
        `/prayers/${this.link.id}/${path}`,
        body,
      );
      if (answer?.card) this.lines = await helplines(this.visitor.http, answer.card, this.speech.language);
      this.act = null;
      await this.load();
      this.#tell(this.speech.say("done"));
      await this.#focus(`[data-act="${path === "own" ? "change" : path}"]`);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.problem = this.speech.error(error.code);
    } finally {
      this.busy = false;
    }
  }
}
