/** `<narthex-account>`: who is signed in, and everything that protects their account. */

import { html, type TemplateResult } from "lit";
import type { Session } from "../api";
import { ConsoleForm } from "../form";
import { alert } from "../view";
import { accountWords } from "../words/account";

const STAFF = ["owner", "admin", "pastor", "moderator", "prayer_team"]; // who may have a second factor

export class NarthexAccount extends ConsoleForm {
  static override properties = { ...ConsoleForm.properties, session: { attribute: false } };

  declare session: Session;
  readonly #words = accountWords[this.language];

  protected override render(): TemplateResult {
    const words = this.#words;
    const { name, roles } = this.session.person;
    const named = roles.map((role) => this.say.roles[role] ?? role).join(", ");
    const { api } = this;
    return html`
      <h1 tabindex="-1">${words.title}</h1>
      ${alert(this.error)}
      <div class="row spread">
        <p>${words.signedInAs} <strong>${name}</strong>${named ? html` <span class="muted">(${named})</span>` : ""}</p>
        <button class="sign-out" ?disabled=${this.busy} @click=${this.#signOut}>
          ${this.busy ? this.say.signingOut : words.signOut}
        </button>
      </div>
      <div class="sections">
        ${
          STAFF.some((role) => roles.includes(role))
            ? html`<narthex-factor class="card-like" .api=${api}></narthex-factor>`
            : ""
        }
        <narthex-sessions class="card-like" .api=${api}></narthex-sessions>
        <narthex-password class="card-like" .api=${api}></narthex-password>
        <narthex-email class="card-like" .api=${api}></narthex-email>
      </div>
    `;
  }

  #signOut = async (): Promise<void> => {
    if (await this.attempt(() => this.api.signOut()))
      this.dispatchEvent(new Event("signed-out", { bubbles: true }));
  };
}
