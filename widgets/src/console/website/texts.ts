/** `<narthex-texts>`: every text that visitors read, in each language, with ours as it is and the church's own beside it. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { LANGUAGES, type Language } from "../../core/language";
import type { OwnTexts } from "../../core/speech";
import type { Text } from "../../core/words";
import { alert, bones, ConsoleElement } from "../view";
import { homeWords } from "../words/home";
import { websiteWords } from "../words/website";

type Book = Readonly<Record<string, Text>>;

type Where = "chat" | "prayer" | "live";

/** The apps whose words are listed, each with a file a language, and what the church's own keys begin with. */
const BOOKS: Readonly<Record<Where, Readonly<Record<Language, () => Promise<Book>>>>> = {
  chat: {
    en: async () => (await import("../../chat/words/en")).en,
    es: async () => (await import("../../chat/words/es")).es,
  },
  prayer: {
    en: async () => (await import("../../prayer/words/en")).en,
    es: async () => (await import("../../prayer/words/es")).es,
  },
  live: {
    en: async () => (await import("../../live-prayer/words/en")).en,
    es: async () => (await import("../../live-prayer/words/es")).es,
  },
};
const PREFIXES: Readonly<Record<Where, string>> = { chat: "", prayer: "prayer_", live: "live_" };
const WHERE = Object.keys(BOOKS) as Where[];
const MOST = 500; // characters of one text

/** Fired with all own texts as they stand, whenever one changes. */
export class TextsChanged extends Event {
  constructor(
    readonly texts: OwnTexts,
    readonly speaks: Language,
  ) {
    super("texts-changed");
  }
}

export class NarthexTexts extends ConsoleElement {
  static override properties = {
    texts: { attribute: false },
    busy: { type: Boolean },
    speaks: { state: true },
    where: { state: true },
    book: { state: true },
    find: { state: true },
    own: { state: true },
    error: { state: true },
  };

  declare texts: OwnTexts;
  declare busy: boolean;
  declare speaks: Language;
  declare where: Where;
  /** Our texts of that app in that language, by the church's keys. */
  declare book: Book | null;
  declare find: string;
  /** Whether only texts of the church's own are listed. */
  declare own: boolean;
  declare error: string;
  readonly #words = websiteWords[this.language];

  constructor() {
    super();
    this.texts = {};
    this.busy = false;
    this.speaks = this.language;
    this.where = "chat";
    this.book = null;
    this.find = "";
    this.own = false;
    this.error = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  #load = async (): Promise<void> => {
    const { speaks, where } = this;
    this.error = "";
    try {
      const book = Object.entries(await BOOKS[where][speaks]());
      if (this.speaks === speaks && this.where === where)
        this.book = Object.fromEntries(book.map(([key, text]) => [PREFIXES[where] + key, text]));
    } catch {
      this.error = this.say.offline;
    }
  };

  get #mine(): Readonly<Record<string, Text>> {
    return this.texts[this.speaks] ?? {};
  }

  protected override render(): TemplateResult {
    const words = this.#words;
    return html`
      <h2>${words.texts}</h2>
      <p class="hint">${words.textsHint}</p>
      <div class="row">
        <div><label for="speaks">${words.speaks}</label>
          <select id="speaks" @change=${this.#switch}>
            ${LANGUAGES.map((one) => html`<option value=${one} .selected=${one === this.speaks}>${words.languages[one]}</option>`)}
          </select></div>
        <div><label for="text-place">${words.textPlace}</label>
          <select id="text-place" @change=${this.#move}>
            ${WHERE.map((one) => html`<option value=${one} .selected=${one === this.where}>${words.textPlaces[one]}</option>`)}
          </select></div>
        <div class="grow"><label for="find-text">${words.findText}</label>
          <input id="find-text" type="search" autocomplete="off" @input=${this.#typing} /></div>
      </div>
      <label class="check"><input type="checkbox" .checked=${this.own} @change=${this.#filter} />${words.onlyOwn}</label>
      ${alert(this.error)}
      ${this.book ? this.#list(this.book) : this.error ? this.#again() : bones(this.say.loading)}
      <button class="primary" ?disabled=${this.busy} @click=${() => this.dispatchEvent(new Event("save"))}>
        ${words.saveTexts}
      </button>
    `;
  }

  #again(): TemplateResult {
    return html`<button @click=${this.#load}>${homeWords[this.language].again}</button>`;
  }

  #list(book: Book): TemplateResult {
    const keys = this.#shown(book);
    if (!keys.length) return html`<p class="empty">${this.#words.noTexts}</p>`;
    return html`<ul class="texts" tabindex="0" aria-label=${this.#words.texts}>${repeat(
      keys,
      (key) => `${this.speaks} ${key}`,
      (key) => this.#one(key, plain(book[key] ?? "")),
    )}</ul>`;
  }

  /** Return the keys whose text, ours or the church's own, holds what is looked for. */
  #shown(book: Book): string[] {
    const wanted = this.find.toLocaleLowerCase();
    const mine = this.#mine;
    return Object.keys(book).filter((key) => {
      if (this.own && mine[key] === undefined) return false;
      const text = `${key} ${plain(book[key] ?? "")} ${plain(mine[key] ?? "")}`;
      return text.toLocaleLowerCase().includes(wanted);
    });
  }

  #one(key: string, ours: string): TemplateResult {
    const own = this.#mine[key];
    const id = `text-${key}`;
    return html`<li>
      <label for=${id}>${ours}</label>
      <div class="one">
        <input id=${id} lang=${this.speaks} dir="auto" maxlength=${MOST} autocomplete="off" placeholder=${ours}
          .value=${own === undefined ? "" : plain(own)}
          @input=${(event: Event) => this.#change(key, (event.target as HTMLInputElement).value)} />
        ${
          own === undefined
            ? nothing
            : html`<button type="button" aria-label=${`${this.#words.reset}: ${ours}`}
                @click=${() => this.#reset(key)}>${this.#words.reset}</button>`
        }
      </div>
    </li>`;
  }

  #change(key: string, text: string): void {
    const { [key]: _, ...others } = this.#mine;
    const mine = text.trim() ? { ...others, [key]: text } : others;
    const { [this.speaks]: __, ...languages } = this.texts;
    this.texts = Object.keys(mine).length ? { ...languages, [this.speaks]: mine } : languages;
    this.#tell();
  }

  #reset(key: string): void {
    this.#change(key, "");
    void this.focusOn(`#text-${key}`);
  }

  #tell(): void {
    this.dispatchEvent(new TextsChanged(this.texts, this.speaks));
  }

  #switch = async (event: Event): Promise<void> => {
    this.book = null;
    this.speaks = (event.target as HTMLSelectElement).value as Language;
    await this.#load();
    this.#tell();
  };

  #move = async (event: Event): Promise<void> => {
    this.book = null;
    this.where = (event.target as HTMLSelectElement).value as Where;
    await this.#load();
  };

  #typing = (event: Event): void => {
    this.find = (event.target as HTMLInputElement).value.trim();
  };

  #filter = (event: Event): void => {
    this.own = (event.target as HTMLInputElement).checked;
  };
}

/** Return a text as one sentence: of several forms, the one for many. */
function plain(text: Text): string {
  return typeof text === "string" ? text : text.other;
}
