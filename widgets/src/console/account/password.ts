/** `<narthex-password>`: change one's own password. */

import { html, type TemplateResult } from "lit";
import { AT } from "../api";
import { field, typed } from "../field";
import { ConsoleForm } from "../form";
import { alert, notice } from "../view";
import { accountWords } from "../words/account";
import { linkWords } from "../words/links";

export class NarthexPassword extends ConsoleForm {
  readonly #words = accountWords[this.language];

  protected override render(): TemplateResult {
    const words = this.#words;
    return html`<section>
      <h2>${words.password}</h2>
      ${notice(this.done)}
      <form @submit=${this.#submit}>
        ${alert(this.error && !this.wrong.new ? this.error : "")}
        ${field({ name: "old", label: words.old, type: "password", autocomplete: "current-password", most: 1024 })}
        ${field({
          name: "new",
          label: words.fresh,
          type: "password",
          autocomplete: "new-password",
          most: 256,
          hint: linkWords[this.language].rules,
          error: this.wrong.new,
        })}
        <button ?disabled=${this.busy}>${words.change}</button>
      </form>
    </section>`;
  }

  #submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const body = { old: typed(form, "old"), new: typed(form, "new") };
    if (await this.attempt(() => this.api.send("POST", AT.password, body), this.#words.changed)) form.reset();
  };
}
