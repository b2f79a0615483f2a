/** `<narthex-prayers>`: the team's requests, the week in figures, the sheet to print, and the rules. */

import { html, type TemplateResult } from "lit";
import type { WorkerShown } from "../../core/generated";
import { ApiError, AT, type ConsoleApi, type Session } from "../api";
import { tabs } from "../tabs";
import { ConsoleElement } from "../view";
import { prayerWords } from "../words/prayers";

const OFFICE = ["owner", "admin"];

type Tab = "requests" | "week" | "print" | "settings";

export class NarthexPrayers extends ConsoleElement {
  static override properties = {
    api: { attribute: false },
    session: { attribute: false },
    tab: { state: true },
    people: { state: true },
  };

  declare api: ConsoleApi;
  declare session: Session;
  declare tab: Tab;
  declare people: readonly WorkerShown[];
  readonly #words = prayerWords[this.language];

  constructor() {
    super();
    this.tab = "requests";
    this.people = [];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  async #load(): Promise<void> {
    try {
      this.people = await this.api.get<WorkerShown[]>(AT.workers);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // only the boxes for tasks need it
    }
  }

  protected override render(): TemplateResult {
    const words = this.#words;
    const rules = OFFICE.some((role) => this.session.person.roles.includes(role));
    const parts: Tab[] = ["requests", "week", "print", ...(rules ? ["settings" as const] : [])];
    return html`
      <div class="head no-print">
        <h1 tabindex="-1">${words.title}</h1>
        ${tabs(parts, words.tabs, this.tab, (tab) => {
          this.tab = tab;
        })}
      </div>
      ${this.#tab()}
    `;
  }

  #tab(): TemplateResult {
    const { api, session, people } = this;
    switch (this.tab) {
      case "week":
        return html`<narthex-week .api=${api} .session=${session}></narthex-week>`;
      case "print":
        return html`<narthex-print .api=${api} .session=${session}></narthex-print>`;
      case "settings":
        return html`<narthex-prayer-rules .api=${api}></narthex-prayer-rules>`;
      case "requests":
        return html`<narthex-requests .api=${api} .session=${session} .people=${people}></narthex-requests>`;
    }
  }
}
