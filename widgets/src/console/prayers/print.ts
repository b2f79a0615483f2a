/** `<narthex-print>`: what stands, least prayed for first, as a sheet of paper. */

import { html, nothing, type TemplateResult } from "lit";
import type { TeamRequest } from "../../core/generated";
import { AT, type Session } from "../api";
import { ConsoleForm } from "../form";
import { publicWords } from "../queue/wording";
import { alert, bones } from "../view";
import { homeWords } from "../words/home";
import { prayerWords } from "../words/prayers";

export class NarthexPrint extends ConsoleForm {
  static override properties = {
    ...ConsoleForm.properties,
    session: { attribute: false },
    requests: { state: true },
  };

  declare session: Session;
  declare requests: readonly TeamRequest[] | null;
  readonly #words = prayerWords[this.language];

  constructor() {
    super();
    this.requests = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  #load = (): Promise<boolean> =>
    this.attempt(async () => {
      this.requests = await this.api.get<TeamRequest[]>(AT.prayerList);
    });

  protected override render(): TemplateResult {
    const words = this.#words;
    if (!this.requests)
      return this.error
        ? html`${alert(this.error)}<button @click=${this.#load}>${homeWords[this.language].again}</button>`
        : bones(this.say.loading);
    if (!this.requests.length) return html`<p class="empty">${words.printEmpty}</p>`;
    const day = new Intl.DateTimeFormat(this.language, { dateStyle: "long" }).format(new Date());
    return html`
      <div class="row no-print">
        <button class="strong" @click=${() => window.print()}>${words.print}</button>
        <p class="hint">${words.printHint}</p>
      </div>
      <section class="sheet">
        <h2>${words.printTitle(this.session.church?.name ?? "", day)}</h2>
        <ol>${this.requests.map((request) => this.#one(request))}</ol>
      </section>
    `;
  }

  #one(request: TeamRequest): TemplateResult {
    const words = this.#words;
    return html`<li>
      ${request.urgent ? html`<strong>${words.urgent}: </strong>` : nothing}
      <span class="text" dir="auto">${publicWords(request)}</span>
      <span class="muted"><bdi>${request.name || words.nobody}</bdi> · ${words.categories[request.category]}
        · ${words.prayed(request.prayed ?? 0)}</span>
    </li>`;
  }
}
