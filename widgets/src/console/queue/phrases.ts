/** `<narthex-phrases>`: words that the team keeps to use again. */

import { html, nothing, type TemplateResult } from "lit";
import type { PhraseBody, PhraseShown } from "../../core/generated";
import { AT } from "../api";
import { field, typed } from "../field";
import { ConsoleForm } from "../form";
import type { Offer } from "../undo";
import { alert, bones, notice } from "../view";
import { homeWords } from "../words/home";
import { queueWords } from "../words/queue";

export class NarthexPhrases extends ConsoleForm {
  static override properties = {
    ...ConsoleForm.properties,
    phrases: { state: true },
    editing: { state: true },
    offer: { state: true },
  };

  declare phrases: readonly PhraseShown[] | null;
  /** The one in the form; null writes a new one. */
  declare editing: PhraseShown | null;
  declare offer: Offer | null;
  readonly #words = queueWords[this.language];

  constructor() {
    super();
    this.phrases = null;
    this.editing = null;
    this.offer = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  #load = (): Promise<boolean> =>
    this.look(
      () => this.api.get<PhraseShown[]>(AT.phrases),
      (phrases) => {
        this.phrases = phrases;
      },
    );

  protected override render(): TemplateResult {
    return html`
      ${notice(this.done)} ${alert(this.error)}
      <div class="columns">
        <div>${this.phrases ? this.#list(this.phrases) : this.#missing()}</div>
        ${this.#form()}
      </div>
      <narthex-undo .offer=${this.offer}></narthex-undo>
    `;
  }

  #missing(): TemplateResult {
    return this.error
      ? html`<button @click=${this.#load}>${homeWords[this.language].again}</button>`
      : bones(this.say.loading);
  }

  #list(phrases: readonly PhraseShown[]): TemplateResult {
    const words = this.#words;
    if (!phrases.length) return html`<p class="empty">${words.noPhrases}</p>`;
    return html`<ul class="list">${phrases.map(
      (phrase) => html`<li>
        <div class="what">
          <strong dir="auto">${phrase.title}</strong>
          <span dir="auto">${phrase.body}</span>
          ${phrase.scripture ? html`<span class="muted">${phrase.scripture}</span>` : nothing}
        </div>
        <div class="row">
          <button aria-label=${`${words.change}: ${phrase.title}`} @click=${() => this.#edit(phrase)}>${words.change}</button>
          <button class="quiet" ?disabled=${this.busy} aria-label=${`${words.throw}: ${phrase.title}`}
            @click=${() => this.#remove(phrase)}>${words.throw}</button>
        </div>
      </li>`,
    )}</ul>`;
  }

  #form(): TemplateResult {
    const words = this.#words;
    const { editing, wrong } = this;
    return html`<form class="card-like" @submit=${this.#keep}>
      <h2>${editing ? words.phraseEdit : words.phraseNew}</h2>
      ${field({ name: "title", label: words.phraseTitle, most: 80, value: editing?.title ?? "", error: wrong.title })}
      <label for="body">${words.phraseBody}</label>
      <textarea id="body" name="body" rows="4" maxlength="1000" required .value=${editing?.body ?? ""}></textarea>
      ${field({ name: "scripture", label: words.scripture, most: 100, required: false, value: editing?.scripture ?? "", error: wrong.scripture })}
      <label for="language">${words.phraseLanguage}</label>
      <select id="language" name="language">${Object.entries(words.languages).map(
        ([code, name]) =>
          html`<option value=${code} .selected=${code === (editing?.language ?? this.language)}>${name}</option>`,
      )}</select>
      <div class="row">
        <button class="strong" ?disabled=${this.busy}>${words.phraseKeep}</button>
        ${editing ? html`<button type="button" @click=${() => this.#edit(null)}>${homeWords[this.language].cancel}</button>` : nothing}
      </div>
    </form>`;
  }

  #edit(phrase: PhraseShown | null): void {
    this.editing = phrase;
    this.querySelector("form")?.reset();
    void this.focusOn("#title");
  }

  #keep = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const phrase: PhraseBody = {
      title: typed(form, "title"),
      body: typed(form, "body"),
      scripture: typed(form, "scripture"),
      language: typed(form, "language"),
    };
    const { editing } = this;
    const done = await this.attempt(
      () =>
        editing
          ? this.api.send("PUT", AT.phrase(editing.id), phrase)
          : this.api.send("POST", AT.phrases, phrase),
      this.#words.phraseKept,
    );
    if (!done) return;
    this.editing = null;
    form.reset();
    await this.#load();
  };

  async #remove({ id, title, body, scripture, language }: PhraseShown): Promise<void> {
    if (!(await this.attempt(() => this.api.send("DELETE", AT.phrase(id))))) return;
    if (this.editing?.id === id) this.editing = null;
    const again = async () => {
      await this.api.send("POST", AT.phrases, { title, body, scripture, language });
      await this.#load();
    };
    this.offer = { text: this.#words.phraseGone(title), undo: again };
    await this.#load();
  }
}
