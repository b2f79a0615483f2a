/** `<narthex-email>`: ask for another address; a letter to it brings the link that changes it. */

import { html, type TemplateResult } from "lit";
import type { PersonShown } from "../../core/generated";
import { AT } from "../api";
import { field, typed } from "../field";
import { ConsoleForm } from "../form";
import { alert, notice } from "../view";
import { accountWords } from "../words/account";

export class NarthexEmail extends ConsoleForm {
  static override properties = { ...ConsoleForm.properties, email: { state: true } };

  declare email: string;
  readonly #words = accountWords[this.language];

  override connectedCallback(): void {
    super.connectedCallback();
    this.email = "";
    void this.attempt(async () => {
      this.email = (await this.api.get<PersonShown>(AT.me)).email ?? "";
    });
  }

  protected override render(): TemplateResult {
    const words = this.#words;
    return html`<section>
      <h2>${words.email}</h2>
      ${this.email ? html`<p>${words.now(this.email)}</p>` : ""}
      ${notice(this.done)}
      <form @submit=${this.#submit}>
        ${alert(this.error && !this.wrong.email ? this.error : "")}
        ${field({ name: "email", label: words.newEmail, type: "email", error: this.wrong.email })}
        ${field({
          name: "email-password",
          label: words.old,
          type: "password",
          autocomplete: "current-password",
          most: 1024,
        })}
        <button ?disabled=${this.busy}>${words.ask}</button>
      </form>
    </section>`;
  }

  #submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const body = { email: typed(form, "email").trim(), password: typed(form, "email-password") };
    const asked = this.#words.asked(body.email);
    if (await this.attempt(() => this.api.send("POST", AT.changeEmail, body), asked)) form.reset();
  };
}
