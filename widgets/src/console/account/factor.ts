/** `<narthex-factor>`: set up an authenticator app, keep recovery codes, remove it again. */

import { html, type TemplateResult } from "lit";
import type { FactorState, RecoveryCodes, TotpSecret } from "../../core/generated";
import { AT } from "../api";
import { field, typed } from "../field";
import { ConsoleForm } from "../form";
import { alert, bones, notice } from "../view";
import { accountWords } from "../words/account";
import { homeWords } from "../words/home";
import { qr } from "./qr";

export class NarthexFactor extends ConsoleForm {
  static override properties = {
    ...ConsoleForm.properties,
    state: { state: true },
    secret: { state: true },
    codes: { state: true },
  };

  declare state: FactorState | null;
  /** What the app needs, while it is being set up; in memory only. */
  declare secret: TotpSecret | null;
  /** Codes that are on the screen this once. */
  declare codes: readonly string[];
  readonly #words = accountWords[this.language];

  constructor() {
    super();
    this.state = null;
    this.secret = null;
    this.codes = [];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  #load = (): Promise<boolean> =>
    this.attempt(async () => {
      this.state = await this.api.get<FactorState>(AT.factors);
    }, this.done);

  protected override render(): TemplateResult {
    return html`<section>
      <h2 tabindex="-1">${this.codes.length ? this.#words.codes : this.#words.factor}</h2>
      ${notice(this.done)} ${alert(this.error)} ${this.#body()}
    </section>`;
  }

  #body(): TemplateResult {
    if (this.codes.length) return this.#shown();
    if (this.secret) return this.#confirming(this.secret);
    if (this.state) return this.state.totp ? this.#on(this.state) : this.#off();
    return this.error
      ? html`<button @click=${this.#load}>${homeWords[this.language].again}</button>`
      : bones(this.say.loading, 1);
  }

  #off(): TemplateResult {
    const words = this.#words;
    return html`
      <p>${words.factorOff}</p>
      <form @submit=${this.#begin}>
        ${this.#password()}
        <button ?disabled=${this.busy}>${words.begin}</button>
      </form>
    `;
  }

  #confirming({ secret, uri }: TotpSecret): TemplateResult {
    const words = this.#words;
    return html`
      <p>${words.scan}</p>
      ${qr(uri, words.picture)}
      <p>${words.key}: <code class="secret">${secret.replace(/(.{4})(?=.)/g, "$1 ")}</code></p>
      <p><a class="safe" href=${uri}>${words.onPhone}</a></p>
      <form @submit=${this.#confirm}>
        ${this.#code()}
        <div class="row">
          <button class="strong" ?disabled=${this.busy}>${words.confirm}</button>
          <button type="button" @click=${() => {
            this.secret = null;
          }}>${homeWords[this.language].cancel}</button>
        </div>
      </form>
    `;
  }

  #shown(): TemplateResult {
    const words = this.#words;
    const text = this.codes.join("\n");
    return html`
      <p>${words.codesWhy}</p>
      <ul class="codes">${this.codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>
      <div class="row">
        <narthex-copy .text=${text}></narthex-copy>
        <a class="button" download=${words.file} href=${`data:text/plain;charset=utf-8,${encodeURIComponent(`${text}\n`)}`}>
          ${words.download}
        </a>
        <button class="strong" type="button" @click=${this.#kept}>${words.kept}</button>
      </div>
    `;
  }

  #on({ recovery_codes }: FactorState): TemplateResult {
    const words = this.#words;
    return html`
      <p>${words.factorOn} ${recovery_codes ? words.codesLeft(recovery_codes) : words.noCodes}</p>
      <form @submit=${this.#renew}>
        ${this.#code()}
        <button ?disabled=${this.busy}>${words.renew}</button>
        <p class="hint">${words.renewHint}</p>
      </form>
      <details>
        <summary>${words.remove}</summary>
        <form @submit=${this.#remove}>
          ${this.#password()} ${this.#code("remove-code")}
          <button class="danger" ?disabled=${this.busy}>${words.remove}</button>
        </form>
      </details>
    `;
  }

  #password(): TemplateResult {
    const label = this.#words.old;
    return field({
      name: "factor-password",
      label,
      type: "password",
      autocomplete: "current-password",
      most: 1024,
    });
  }

  #code(name = "factor-code"): TemplateResult {
    return field({ name, label: this.#words.code, autocomplete: "one-time-code", most: 24 });
  }

  #begin = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const password = typed(event.target as HTMLFormElement, "factor-password");
    const begun = await this.attempt(async () => {
      this.secret = await this.api.send<TotpSecret>("POST", AT.totp, { password });
    });
    void this.focusOn(begun ? "#factor-code" : "#factor-password");
  };

  #confirm = (event: SubmitEvent): Promise<void> => this.#take(event, AT.confirmTotp, this.#words.added);
  #renew = (event: SubmitEvent): Promise<void> => this.#take(event, AT.recoveryCodes, "");

  /** Show a code and get the recovery codes for it. */
  async #take(event: SubmitEvent, path: string, done: string): Promise<void> {
    event.preventDefault();
    const code = typed(event.target as HTMLFormElement, "factor-code").replaceAll(" ", "");
    const taken = await this.attempt(async () => {
      this.codes = (await this.api.send<RecoveryCodes>("POST", path, { code })).codes;
      this.secret = null;
    }, done);
    void this.focusOn(taken ? "h2" : "#factor-code");
  }

  #remove = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const code = typed(form, "remove-code").replaceAll(" ", "");
    const body = { password: typed(form, "factor-password"), code };
    if (await this.attempt(() => this.api.send("POST", AT.removeTotp, body), this.#words.removed))
      await this.#load();
  };

  #kept = async (): Promise<void> => {
    this.codes = [];
    await this.#load();
    void this.focusOn("h2");
  };
}
