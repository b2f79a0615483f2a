/** `<narthex-invitations>`: invite somebody with roles, and take invitations back. */

import { html, type TemplateResult } from "lit";
import type { InvitationShown, InvitationsPage } from "../../core/generated";
import { ApiError, AT, type Session } from "../api";
import { field, typed } from "../field";
import { ConsoleForm } from "../form";
import { moment } from "../time";
import { alert, bones, notice } from "../view";
import { homeWords } from "../words/home";
import { peopleWords } from "../words/people";
import { chosenRoles, roleBoxes, shownRoles } from "./roles";

export class NarthexInvitations extends ConsoleForm {
  static override properties = {
    ...ConsoleForm.properties,
    session: { attribute: false },
    open: { state: true },
    failed: { state: true },
  };

  declare session: Session;
  declare open: readonly InvitationShown[] | null;
  declare failed: boolean;
  readonly #words = peopleWords[this.language];

  constructor() {
    super();
    this.open = null;
    this.failed = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  protected override why(error: unknown): string {
    const known = error instanceof ApiError ? this.#words.codes[error.code] : undefined;
    return known ?? super.why(error);
  }

  #load = async (): Promise<void> => {
    const read = await this.look(
      () => this.api.get<InvitationsPage>(AT.invitations, { limit: "100" }),
      ({ items }) => {
        this.open = items;
        this.failed = false;
      },
    );
    if (!read) this.failed = true;
  };

  protected override render(): TemplateResult {
    const words = this.#words;
    return html`
      <h2>${words.invite}</h2>
      <p class="hint">${words.inviteHint}</p>
      ${notice(this.done)}
      <form @submit=${this.#invite}>
        ${alert(this.error && !this.wrong.email ? this.error : "")}
        ${field({ name: "email", label: this.say.email, type: "email", error: this.wrong.email })}
        ${roleBoxes(words.roles, ["moderator"], this.session.person.roles, words, this.say)}
        <label for="locale">${words.letter}</label>
        <select id="locale" name="locale">
          ${(["en", "es"] as const).map(
            (one) =>
              html`<option value=${one} ?selected=${one === this.language}>${words.languages[one]}</option>`,
          )}
        </select>
        <button class="primary" ?disabled=${this.busy}>${words.send}</button>
      </form>
      <h2 class="later">${words.open}</h2>
      ${this.open ? this.#list(this.open) : this.#missing()}
    `;
  }

  #missing(): TemplateResult {
    return this.failed
      ? html`<button @click=${this.#load}>${homeWords[this.language].again}</button>`
      : bones(this.say.loading, 1);
  }

  #list(open: readonly InvitationShown[]): TemplateResult {
    const words = this.#words;
    if (!open.length) return html`<p class="muted">${words.none}</p>`;
    return html`<ul class="list">${open.map(
      (one) => html`<li>
        <div class="what">
          <strong>${one.email}</strong>
          <span class="muted">
            ${shownRoles(one.roles)
              .map((role) => this.say.roles[role] ?? role)
              .join(", ")} ·
            ${words.until(moment(one.expires_at, this.language))}
          </span>
        </div>
        <button aria-label=${`${words.takeBack}: ${one.email}`} @click=${() => this.#takeBack(one)}>${words.takeBack}</button>
      </li>`,
    )}</ul>`;
  }

  #invite = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const body = {
      email: typed(form, "email").trim(),
      roles: chosenRoles(form),
      locale: typed(form, "locale"),
    };
    const sent = await this.attempt(
      () => this.api.send("POST", AT.invitations, body),
      this.#words.sent(body.email),
    );
    if (!sent) return;
    form.reset();
    await this.#load();
  };

  #takeBack = async (one: InvitationShown): Promise<void> => {
    const done = this.#words.takenBack(one.email);
    if (await this.attempt(() => this.api.send("DELETE", AT.invitation(one.id)), done))
      this.open = this.open?.filter(({ id }) => id !== one.id) ?? null;
  };
}
