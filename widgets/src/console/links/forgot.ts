/** `<narthex-forgot>`: ask for a letter with a link. The answer is the same whether the address is known or not. */

import { html, type TemplateResult } from "lit";
import { AT, type ConsoleApi } from "../api";
import { field, typed, type Wrong, wrongIn } from "../field";
import { alert, ConsoleElement } from "../view";
import { linkWords } from "../words/links";

export class NarthexForgot extends ConsoleElement {
  static override properties = {
    api: { attribute: false },
    kind: {},
    inside: { type: Boolean },
    email: { state: true },
    busy: { state: true },
    error: { state: true },
    wrong: { state: true },
  };

  declare api: ConsoleApi;
  /** What the letter shall be for. */
  declare kind: "reset" | "register";
  /** True inside another page, which has the heading. */
  declare inside: boolean;
  /** Where a letter was sent to; empty before. */
  declare email: string;
  declare busy: boolean;
  declare error: string;
  declare wrong: Wrong;
  readonly #words = linkWords[this.language];

  constructor() {
    super();
    this.kind = "reset";
    this.inside = false;
    this.email = "";
    this.busy = false;
    this.error = "";
    this.wrong = {};
  }

  protected override firstUpdated(): void {
    if (!this.inside) void this.focusOn("h1");
  }

  protected override render(): TemplateResult {
    return this.email ? this.#sent() : this.#form();
  }

  #sent(): TemplateResult {
    const words = this.#words;
    const sentence = this.kind === "reset" ? words.sentReset(this.email) : words.sentRegister(this.email);
    return html`
      <h1 tabindex="-1" class="sent">${words.sent}</h1>
      <p>${sentence}</p>
      <p class="muted">${words.sentHint}</p>
      ${this.inside ? "" : this.#back()}
    `;
  }

  #form(): TemplateResult {
    const words = this.#words;
    return html`
      ${this.inside ? "" : html`<h1 tabindex="-1">${words.forgot}</h1><p>${words.forgotIntro}</p>`}
      <form @submit=${this.#submit} aria-busy=${this.busy}>
        ${alert(this.error)}
        ${field({ name: "email", label: this.say.email, type: "email", autocomplete: "username", error: this.wrong.email })}
        <button class="primary" ?disabled=${this.busy}>${this.busy ? words.working : words.forgotGo}</button>
      </form>
      ${this.inside ? "" : this.#back()}
    `;
  }

  #back(): TemplateResult {
    return html`<button class="link" type="button" @click=${() => this.dispatchEvent(new Event("back"))}>
      ${this.#words.toSignIn}
    </button>`;
  }

  #submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (this.busy) return;
    const email = typed(event.target as HTMLFormElement, "email").trim();
    this.busy = true;
    this.error = "";
    this.wrong = {};
    try {
      await this.api.send("POST", this.kind === "reset" ? AT.forgot : AT.register, this.#asked(email));
      this.email = email;
      void this.focusOn(".sent");
    } catch (error) {
      this.wrong = wrongIn(error, this.say);
      this.error = this.wrong.email ? "" : this.why(error);
      void this.focusOn("#email");
    } finally {
      this.busy = false;
    }
  };

  #asked(email: string): object {
    return this.kind === "reset" ? { email } : { email, locale: this.language };
  }
}
