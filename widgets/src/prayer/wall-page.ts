/** `<narthex-wall-page>`: the wall for visitors, live; a guided session; encouragement and reports. */

import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { RequestShown } from "../core/generated";
import { type Helpline, helplines } from "../core/helplines";
import { HttpError } from "../core/http";
import { icon } from "../core/icons";
import { Once } from "../core/once";
import { card } from "./card";
import { care } from "./care";
import type { Asker } from "./page";
import type { Speech } from "./speech";
import type { Wall } from "./wall";

const LIFTED = ["pointerup", "pointercancel", "contextmenu"] as const;
const TOLD_MS = 10_000; // long enough to read what becomes of one's words
const REASONS = ["private", "unkind", "spam", "unsafe", "other"] as const;

type Open = { readonly kind: "encourage" | "report"; readonly request: RequestShown } | null;

export class NarthexWallPage extends LitElement {
  static override properties = {
    speech: { attribute: false },
    leading: { state: true },
    open: { state: true },
    problem: { state: true },
    told: { state: true },
    lines: { state: true },
    busy: { state: true },
  };

  declare visitor: Asker;
  declare wall: Wall;
  declare speech: Speech;
  /** Called when somebody wants to ask for prayer themselves. */
  declare ask: () => void;
  /** The requests a guided session goes through, and where its next page begins; null outside of one. */
  declare leading: { readonly queue: readonly RequestShown[]; readonly next: string | null } | null;
  declare open: Open;
  declare problem: string;
  declare told: string;
  declare lines: readonly Helpline[] | null;
  declare busy: boolean;
  /** Whether a finger is on the page: what it is about to touch stays below it until it is lifted. */
  #touched = false;
  #drawn: readonly RequestShown[] = [];
  readonly #once = new Once();

  constructor() {
    super();
    this.leading = null;
    this.open = null;
    this.problem = "";
    this.told = "";
    this.lines = null;
    this.busy = false;
    this.addEventListener("pointerdown", () => {
      this.#touched = true;
    });
  }

  protected override createRenderRoot(): this {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.wall.changed = () => {
      if (!this.#touched || this.#lost()) this.requestUpdate();
    };
    this.wall.left = () => {
      this.leading = null;
      this.#close();
      this.open = null; // it may show what only the one before could see
    };
    for (const end of LIFTED) window.addEventListener(end, this.#lifted);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const end of LIFTED) window.removeEventListener(end, this.#lifted);
  }

  /** Whether something that is drawn does not stand any more: that waits for nobody. */
  #lost(): boolean {
    const { requests } = this.wall;
    return this.#drawn.some((drawn) => requests.get(drawn.id) !== drawn);
  }

  /** Show what came meanwhile, after the click that this was. */
  #lifted = (): void => {
    if (!this.#touched) return;
    window.setTimeout(() => {
      this.#touched = false;
      this.requestUpdate();
    });
  };

  protected override render(): TemplateResult {
    const { say } = this.speech;
    return html`<header class="top">
        <h1 tabindex="-1">${say("wallTitle")}</h1>
        <button class="primary" @click=${this.ask}>${icon("heart")}${say("askFor")}</button>
      </header>
      <p class="notice" role="status">${this.#notice()}</p>
      ${this.lines ? care(this.lines, this.speech) : nothing}
      <main>${this.leading ? this.#session() : this.#wall()}</main>
      ${this.open ? this.#sheet(this.open) : nothing}`;
  }

  /** What is said above everything: that we are behind, or what was just done. */
  #notice(): string {
    const { say } = this.speech;
    if (this.told) return this.told;
    const { shown, state } = this.wall;
    return shown && state.kind !== "online" && state.kind !== "ended" ? say("wallOffline") : "";
  }

  // ---- the wall

  #wall(): TemplateResult {
    const { say } = this.speech;
    const { wall } = this;
    const { church } = this.visitor.page;
    if (wall.paused) return html`<p class="empty">${say("wallPaused", { church: church.name })}</p>`;
    if (wall.refused)
      return html`<div class="empty"><p>${say("wallError")}</p>
        <button class="secondary" @click=${() => wall.live.restart()}>${say("retry")}</button></div>`;
    if (!wall.shown)
      return html`<div class="cards" aria-busy="true">${[0, 1, 2].map(() => html`<div class="card bone"></div>`)}</div>`;
    const { list } = wall;
    this.#drawn = list;
    if (list.length === 0) return html`<p class="empty">${say("wallEmpty")}</p>`;
    return html`<div class="row"><button class="secondary" @click=${this.#lead}>${say("session")}</button>
        <span class="why">${say("sessionHint")}</span></div>
      <div class="cards">${list.map((request) => this.#card(request, true))}</div>
      ${wall.older ? html`<button class="secondary wide" @click=${this.#older}>${say("older")}</button>` : nothing}`;
  }

  #older = async (): Promise<void> => {
    try {
      await this.wall.more();
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.#tell(this.speech.error(error.code));
    }
  };

  /** Say what was done, or was not, for as long as it takes to read. */
  #tell(sentence: string): void {
    this.told = sentence;
    setTimeout(() => {
      if (this.told === sentence) this.told = "";
    }, TOLD_MS);
  }

  #card(request: RequestShown, more: boolean): TemplateResult {
    const { wall, speech } = this;
    return card({
      request,
      prayed: wall.prayed.get(request.id) ?? 0,
      mine: wall.mine.has(request.id),
      speech,
      pray: () => void this.#pray(request),
      ...(more ? { more: () => this.#to({ kind: "encourage", request }) } : {}),
    });
  }

  async #pray(request: RequestShown): Promise<void> {
    const code = await this.wall.pray(request.id);
    if (code) this.#tell(this.speech.error(code));
    else if (this.leading) await this.#next();
  }

  // ---- one by one

  #session(): TemplateResult {
    const { say } = this.speech;
    const request = this.leading?.queue[0];
    return html`<div class="row"><button class="secondary" @click=${() => this.#stop()}>${say("backToWall")}</button></div>
      ${
        request
          ? html`${this.#card(request, false)}
              <button class="plain" @click=${() => void this.#next()}>${say("sessionNext")}</button>`
          : html`<p class="empty">${say("sessionDone")}</p>`
      }`;
  }

  #lead = async (): Promise<void> => {
    await this.#load(null, []);
  };

  async #load(after: string | null, rest: readonly RequestShown[]): Promise<void> {
    try {
      const { items, next } = await this.wall.session(after);
      const open = items.filter(({ id }) => !this.wall.mine.has(id));
      this.leading = { queue: [...rest, ...open], next };
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.#tell(this.speech.error(error.code));
    }
  }

  async #next(): Promise<void> {
    const { queue, next } = this.leading ?? { queue: [], next: null };
    const rest = queue.slice(1);
    this.leading = { queue: rest, next };
    if (rest.length === 0 && next) await this.#load(next, rest);
    await this.updateComplete;
    this.querySelector<HTMLElement>("main .pray, main .secondary")?.focus();
  }

  #stop(): void {
    this.leading = null;
    this.told = "";
  }

  // ---- words of others, and reports

  #to(open: NonNullable<Open>): void {
    this.open = open;
    this.problem = "";
    this.told = "";
    void this.updateComplete.then(() => {
      const dialog = this.querySelector("dialog");
      if (!dialog?.open) dialog?.showModal();
      else dialog.querySelector<HTMLElement>("input, textarea")?.focus(); // what was pressed is not there any more
    });
  }

  /** Close what is open the way the browser does: it brings the focus back to what was pressed; then it is taken away. */
  #close(): void {
    this.querySelector("dialog")?.close();
  }

  #closed = (): void => {
    this.open = null;
    this.problem = "";
  };

  #sheet({ kind, request }: NonNullable<Open>): TemplateResult {
    const { say } = this.speech;
    return html`<dialog class="sheet" aria-labelledby="sheet-title" @close=${this.#closed}>
      <h2 id="sheet-title">${say(kind)}</h2>
      <blockquote class="why" dir="auto">${request.body}</blockquote>
      <form class="fields" @submit=${(event: SubmitEvent) => void this.#submit(event, kind, request)}>
        ${kind === "encourage" ? this.#encourage() : this.#report()}
        ${this.problem ? html`<p class="alert" role="alert">${this.problem}</p>` : nothing}
        <button class="primary" ?disabled=${this.busy}>${say("send")}</button>
        ${
          kind === "encourage"
            ? html`<button class="plain" type="button" @click=${() => this.#to({ kind: "report", request })}>${say("report")}</button>`
            : nothing
        }
        <button class="plain" type="button" @click=${() => this.#close()}>${say("cancel")}</button>
      </form>
    </dialog>`;
  }

  #encourage(): TemplateResult {
    const { say } = this.speech;
    const { url } = this.visitor.page.consent;
    return html`<p class="why">${say("encourageWhy")}</p>
      ${
        this.visitor.session.person
          ? nothing
          : html`<label for="nickname">${say("nickname")}</label>
            <input id="nickname" name="nickname" required maxlength="40" autocomplete="nickname" dir="auto" />
            <label class="check"><input type="checkbox" required /><span>${say(url ? "consent" : "consentPlain")}
              ${url ? html`<a href=${url} target="_blank" rel="noopener noreferrer">${say("consentLink")}</a>` : nothing}</span></label>`
      }
      <label for="body">${say("encourage")}</label>
      <textarea id="body" name="body" required maxlength="1000" rows="4" dir="auto"></textarea>`;
  }

  #report(): TemplateResult {
    const { say } = this.speech;
    return html`<fieldset><legend>${say("reportWhy")}</legend>${REASONS.map(
      (reason) =>
        html`<label class="check"><input type="radio" name="reason" value=${reason} required /><span>${say(reason)}</span></label>`,
    )}</fieldset>
      <label for="note">${say("note")}</label>
      <textarea id="note" name="note" maxlength="500" rows="2" dir="auto"></textarea>`;
  }

  async #submit(event: SubmitEvent, kind: "encourage" | "report", { id }: RequestShown): Promise<void> {
    event.preventDefault();
    const given = new FormData(event.target as HTMLFormElement);
    const text = (name: string) => String(given.get(name) ?? "");
    if (this.busy) return;
    this.busy = true;
    this.problem = "";
    try {
      if (kind === "report")
        await this.#send(`/wall/${id}/flag`, { reason: text("reason"), note: text("note") });
      else {
        await this.visitor.arrive(text("nickname").trim(), this.speech.language);
        const card = await this.#send(`/wall/${id}/encourage`, { body: text("body") });
        if (card) this.lines = await helplines(this.visitor.http, card, this.speech.language);
      }
      this.#close();
      this.#tell(this.speech.say(kind === "report" ? "reported" : "encourageSent"));
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.problem = this.speech.error(error.code); // what was typed stays in its field
    } finally {
      this.busy = false;
    }
  }

  /** Send words, once however often it is tried; resolve with the card that is to be shown to whoever wrote them. */
  async #send(path: string, body: object): Promise<string> {
    const asked = this.visitor.http.send<{ card?: string } | undefined>(
      "POST",
      path,
      body,
      this.#once.of(path, body),
    );
    return (await this.#once.do(asked))?.card ?? "";
  }
}
