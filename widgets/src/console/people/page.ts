/** `<narthex-people>`: who has a key to the console, with which roles; pause them, let them in again. */

import { html, nothing, type TemplateResult } from "lit";
import type { PeoplePage, PersonShown } from "../../core/generated";
import { ApiError, AT, type Session } from "../api";
import { ConsoleForm } from "../form";
import { alert, bones, notice } from "../view";
import { homeWords } from "../words/home";
import { peopleWords } from "../words/people";
import { chosenRoles, covered, roleBoxes, shownRoles } from "./roles";

export class NarthexPeople extends ConsoleForm {
  static override properties = {
    ...ConsoleForm.properties,
    session: { attribute: false },
    people: { state: true },
    next: { state: true },
    staff: { state: true },
    editing: { state: true },
  };

  declare session: Session;
  declare people: readonly PersonShown[] | null;
  declare next: string | null;
  declare staff: boolean;
  /** Whose roles are being changed. */
  declare editing: string;
  readonly #words = peopleWords[this.language];

  constructor() {
    super();
    this.people = null;
    this.next = null;
    this.staff = true;
    this.editing = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  protected override why(error: unknown): string {
    const known = error instanceof ApiError ? this.#words.codes[error.code] : undefined;
    return known ?? super.why(error);
  }

  #load = (): Promise<boolean> => {
    this.people = null;
    return this.#more(null);
  };

  #more(after: string | null): Promise<boolean> {
    return this.look(
      () => this.api.get<PeoplePage>(AT.people, { staff: String(this.staff), ...(after ? { after } : {}) }),
      ({ items, next }) => {
        this.people = [...(after ? (this.people ?? []) : []), ...items];
        this.next = next;
      },
    );
  }

  protected override render(): TemplateResult {
    const words = this.#words;
    return html`
      <h1 tabindex="-1">${words.title}</h1>
      <div class="columns">
        <div>
          ${this.#filter()} ${notice(this.done)} ${alert(this.error)}
          ${this.people ? this.#list(this.people) : this.#missing()}
        </div>
        <narthex-invitations class="card-like" .api=${this.api} .session=${this.session}></narthex-invitations>
      </div>
    `;
  }

  #filter(): TemplateResult {
    const words = this.#words;
    const option = (staff: boolean, text: string) => html`
      <label class="check"><input type="radio" name="show" .checked=${this.staff === staff}
        @change=${() => {
          this.staff = staff;
          void this.#load();
        }} />${text}</label>
    `;
    return html`<fieldset class="inline"><legend class="hidden">${words.show}</legend>
      ${option(true, words.staff)} ${option(false, words.everybody)}
    </fieldset>`;
  }

  #missing(): TemplateResult {
    return this.error
      ? html`<button @click=${this.#load}>${homeWords[this.language].again}</button>`
      : bones(this.say.loading);
  }

  #list(people: readonly PersonShown[]): TemplateResult {
    if (!people.length) return html`<p class="empty">${this.#words.empty}</p>`;
    return html`
      <ul class="list people">${people.map((person) => this.#person(person))}</ul>
      ${
        this.next
          ? html`<button ?disabled=${this.busy} @click=${() => this.#more(this.next)}>${homeWords[this.language].more}</button>`
          : nothing
      }
    `;
  }

  #person(person: PersonShown): TemplateResult {
    const words = this.#words;
    const roles = shownRoles(person.roles)
      .map((role) => this.say.roles[role] ?? role)
      .join(", ");
    const me = person.id === this.session.person.id;
    return html`<li>
      <div class="what">
        <strong>${person.name}${me ? html` <span class="muted">(${words.you})</span>` : nothing}</strong>
        <span class="muted">${person.email}</span>
        <span>${roles}
          ${person.status === "suspended" ? html`<span class="badge waiting">${words.suspended}</span>` : nothing}
        </span>
      </div>
      ${this.editing === person.id ? this.#editor(person) : this.#actions(person, me)}
    </li>`;
  }

  #actions(person: PersonShown, me: boolean): TemplateResult {
    const words = this.#words;
    const over = person.roles.every(
      (role) => role === "member" || covered(this.session.person.roles).has(role),
    );
    const paused = person.status === "suspended";
    return html`<div class="row">
      <button aria-label=${`${words.changeRoles}: ${person.name}`} @click=${() => this.#edit(person.id)}>
        ${words.changeRoles}
      </button>
      ${
        me || !over
          ? nothing
          : html`<button aria-label=${`${paused ? words.resume : words.suspend}: ${person.name}`}
              ?disabled=${this.busy} @click=${() => this.#pause(person, !paused)}>
              ${paused ? words.resume : words.suspend}
            </button>`
      }
    </div>`;
  }

  #editor(person: PersonShown): TemplateResult {
    const words = this.#words;
    const mine = this.session.person.roles;
    return html`<form class="editor" @submit=${(event: SubmitEvent) => this.#setRoles(event, person)}>
      ${roleBoxes(words.rolesOf(person.name), person.roles, mine, words, this.say)}
      <div class="row">
        <button class="strong" ?disabled=${this.busy}>${homeWords[this.language].save}</button>
        <button type="button" @click=${() => this.#edit("")}>${homeWords[this.language].cancel}</button>
      </div>
      ${mine.includes("owner") && person.id !== this.session.person.id ? this.#lostPhone(person) : nothing}
    </form>`;
  }

  #lostPhone(person: PersonShown): TemplateResult {
    const words = this.#words;
    return html`<details>
      <summary>${words.removeFactor}</summary>
      <p>${words.removeFactorSure(person.name)}</p>
      <button type="button" class="danger" ?disabled=${this.busy}
        @click=${() => this.attempt(() => this.api.send("DELETE", AT.factorsOf(person.id)), words.factorRemoved(person.name))}>
        ${words.removeFactor}
      </button>
    </details>`;
  }

  #edit(id: string): void {
    this.editing = id;
    void this.focusOn(id ? ".editor input:not([disabled])" : "h1");
  }

  #setRoles = async (event: SubmitEvent, person: PersonShown): Promise<void> => {
    event.preventDefault();
    const roles = chosenRoles(event.target as HTMLFormElement);
    const done = await this.attempt(async () => {
      this.#replace(await this.api.send<PersonShown>("PUT", AT.roles(person.id), { roles }));
    }, this.#words.rolesSet(person.name));
    if (done) this.#edit("");
  };

  #pause(person: PersonShown, pause: boolean): Promise<boolean> {
    const words = this.#words;
    const path = pause ? AT.suspend(person.id) : AT.resume(person.id);
    return this.attempt(
      async () => this.#replace(await this.api.send<PersonShown>("POST", path)),
      pause ? words.suspendedNow(person.name) : words.resumedNow(person.name),
    );
  }

  #replace(person: PersonShown): void {
    this.people = this.people?.map((one) => (one.id === person.id ? person : one)) ?? null;
  }
}
