/** `<narthex-sessions>`: where one is signed in, and how to end it. */

import { html, type TemplateResult } from "lit";
import type { SessionsSessionShown, SessionsShown } from "../../core/generated";
import { AT } from "../api";
import { ConsoleForm } from "../form";
import { since } from "../time";
import { alert, bones, notice } from "../view";
import { accountWords } from "../words/account";
import { homeWords } from "../words/home";
import { deviceName } from "./device";

export class NarthexSessions extends ConsoleForm {
  static override properties = { ...ConsoleForm.properties, sessions: { state: true } };

  declare sessions: readonly SessionsSessionShown[] | null;
  readonly #words = accountWords[this.language];

  constructor() {
    super();
    this.sessions = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  #load = (): Promise<boolean> =>
    this.look(
      () => this.api.get<SessionsShown>(AT.sessions),
      ({ items }) => {
        this.sessions = items;
      },
    );

  protected override render(): TemplateResult {
    const words = this.#words;
    return html`<section>
      <h2 tabindex="-1">${words.sessions}</h2>
      ${notice(this.done)} ${alert(this.error)}
      ${this.sessions ? this.#list(this.sessions) : this.#missing()}
      <button class="danger" ?disabled=${this.busy} @click=${this.#everywhere}>${words.everywhere}</button>
      <p class="hint">${words.everywhereHint}</p>
    </section>`;
  }

  #missing(): TemplateResult {
    return this.error
      ? html`<p><button @click=${this.#load}>${homeWords[this.language].again}</button></p>`
      : bones(this.say.loading, 2);
  }

  #list(sessions: readonly SessionsSessionShown[]): TemplateResult {
    return html`<ul class="list">${sessions.map((session) => this.#one(session))}</ul>`;
  }

  #one({ id, kind, device: agent, site, used_at, current }: SessionsSessionShown): TemplateResult {
    const words = this.#words;
    const device = deviceName(agent);
    const where = [words.kinds[kind] ?? kind, site].filter(Boolean).join(" · ");
    const when = current ? words.current : words.lastUsed(since(used_at, this.language));
    return html`<li>
      <div class="what">
        <strong>${device || words.unknown}</strong>
        <span class="muted">${where} · ${when}</span>
      </div>
      ${current ? "" : html`<button aria-label=${`${words.end}: ${device || where}`} @click=${() => this.#end(id)}>${words.end}</button>`}
    </li>`;
  }

  async #end(id: string): Promise<void> {
    const ended = await this.attempt(() => this.api.send("DELETE", AT.session(id)), this.#words.ended);
    if (!ended) return;
    this.sessions = this.sessions?.filter((session) => session.id !== id) ?? null;
    void this.focusOn("h2");
  }

  #everywhere = async (): Promise<void> => {
    if (await this.attempt(() => this.api.send("POST", AT.endAll)))
      this.dispatchEvent(new Event("signed-out", { bubbles: true }));
  };
}
