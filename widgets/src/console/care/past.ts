/** `<narthex-past>`: conversations without a word of them; who may opens the words that were kept, with a reason. */

import { html, nothing, type TemplateResult } from "lit";
import type { Line, Opened, SessionRow } from "../../core/generated";
import { ApiError, AT, type Session } from "../api";
import { ConsoleForm } from "../form";
import { clock, moment } from "../time";
import { alert, bones } from "../view";
import { careWords } from "../words/care";
import { homeWords } from "../words/home";

const OPENERS = ["owner", "pastor"];

export class NarthexPast extends ConsoleForm {
  static override properties = {
    ...ConsoleForm.properties,
    session: { attribute: false },
    rows: { state: true },
    next: { state: true },
    asking: { state: true },
    lines: { state: true },
  };

  declare session: Session;
  declare rows: readonly SessionRow[] | null;
  declare next: string | null;
  /** The conversation whose words are being opened, or are open. */
  declare asking: string;
  declare lines: readonly Line[] | null;
  readonly #words = careWords[this.language];

  constructor() {
    super();
    this.rows = null;
    this.next = null;
    this.asking = "";
    this.lines = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load(null);
  }

  protected override why(error: unknown): string {
    const known = error instanceof ApiError ? this.#words.codes[error.code] : undefined;
    return known ?? super.why(error);
  }

  #load = (after: string | null): Promise<boolean> =>
    this.look(
      () =>
        this.api.get<{ items: SessionRow[]; next: string | null }>(AT.conversations, {
          after: after ?? undefined,
        }),
      ({ items, next }) => {
        this.rows = [...(after ? (this.rows ?? []) : []), ...items];
        this.next = next;
      },
    );

  protected override render(): TemplateResult {
    return html`<p class="muted">${this.#words.pastIntro}</p>
      ${alert(this.error)} ${this.rows ? this.#list(this.rows) : this.#missing()}`;
  }

  #missing(): TemplateResult {
    return this.error
      ? html`<button @click=${() => this.#load(null)}>${homeWords[this.language].again}</button>`
      : bones(this.say.loading);
  }

  #list(rows: readonly SessionRow[]): TemplateResult {
    if (!rows.length) return html`<p class="empty">${this.#words.noPast}</p>`;
    return html`<ul class="list past">${rows.map((row) => this.#one(row))}</ul>
      ${
        this.next
          ? html`<button ?disabled=${this.busy} @click=${() => this.#load(this.next)}>${homeWords[this.language].more}</button>`
          : nothing
      }`;
  }

  #one(row: SessionRow): TemplateResult {
    const words = this.#words;
    const who = [row.first, row.second].filter(Boolean).join(", ") || words.alone;
    const may = OPENERS.some((role) => this.session.person.roles.includes(role));
    return html`<li>
      <div class="what">
        <strong>${moment(row.asked_at, this.language)}</strong>
        <span>${who} <span class="muted">· ${words.states[row.state]}</span></span>
        <span class="badges">
          ${row.minor ? html`<span class="badge">${words.minor}</span>` : nothing}
          ${row.crisis ? html`<span class="reason urgent">${words.needed}</span>` : nothing}
        </span>
      </div>
      ${
        may && row.words_left && this.asking !== row.id
          ? html`<button @click=${() => this.#ask(row.id)}>${words.openWords}</button>`
          : nothing
      }
      ${this.asking === row.id ? (this.lines ? this.#said(this.lines) : this.#why()) : nothing}
    </li>`;
  }

  #ask(id: string): void {
    this.asking = id;
    this.lines = null;
    if (id) void this.focusOn("#why");
  }

  #why(): TemplateResult {
    const words = this.#words;
    return html`<form class="editor" @submit=${this.#open}>
      <p>${words.openWhy}</p>
      <label for="why">${words.reason}</label>
      <textarea id="why" name="why" rows="2" minlength="10" maxlength="300" required></textarea>
      <div class="row"><button class="danger" ?disabled=${this.busy}>${words.openGo}</button>
        <button type="button" @click=${() => this.#ask("")}>${words.cancel}</button></div>
    </form>`;
  }

  #said(lines: readonly Line[]): TemplateResult {
    const words = this.#words;
    return html`<section class="editor" aria-label=${words.opened}>
      <h2 tabindex="-1" class="opened">${words.opened}</h2>
      <ol class="talk">${lines.map(
        ({ at, name, body }) => html`<li><span class="byline"><strong dir="auto">${name}</strong>
          <span class="muted">${clock(at, this.language)}</span></span><span class="text" dir="auto">${body}</span></li>`,
      )}</ol>
      <button @click=${() => this.#ask("")}>${words.close}</button>
    </section>`;
  }

  #open = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const reason = this.querySelector<HTMLTextAreaElement>("#why")?.value ?? "";
    const done = await this.attempt(async () => {
      const path = `${AT.conversation(this.asking)}/open`;
      this.lines = (await this.api.send<Opened>("POST", path, { reason })).lines;
    });
    if (done) void this.focusOn(".opened");
  };
}
