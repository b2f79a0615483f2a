/** What may be done about a person: the choices of a case and of the list of people, and the two that ask first. */

import { html, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { isComposing } from "../../core/keys";
import { typed } from "../field";
import { ConsoleElement } from "../view";
import { homeWords } from "../words/home";
import { type LiveWords, liveWords } from "../words/live";
import { type Acts, type BanChoice, type Done, type Person, TIMEOUTS } from "./acts";

const BAN_DAYS = [1, 7, 30, 0];

/** Fired with what to do; the page does it, says it, and offers to take it back. */
export class Act extends Event {
  constructor(
    readonly work: () => Promise<Done>,
    /** The id of a case that is decided by it. */
    readonly decides = "",
  ) {
    super("act");
  }
}

/** One thing that may be done now; the same list answers buttons and keys. */
export interface Choice {
  readonly key: string;
  readonly label: string;
  readonly danger?: boolean;
  readonly strong?: boolean;
  readonly hint?: string;
  readonly run: () => void;
}

export abstract class PersonElement extends ConsoleElement {
  static override properties = {
    acts: { attribute: false },
    room: {},
    me: {},
    spared: { attribute: false },
    asking: { state: true },
  };

  declare acts: Acts;
  /** The id of the room that is open. */
  declare room: string;
  /** The id of who sits here. */
  declare me: string;
  /** The ids of those about whom the server would let us do nothing. */
  declare spared: ReadonlySet<string>;
  /** What is asked about before it is done. */
  declare asking: "" | "ban" | "clear";
  protected readonly words: LiveWords = liveWords[this.language];

  constructor() {
    super();
    this.room = "";
    this.spared = new Set();
    this.asking = "";
  }

  /** Return what may be done now. */
  protected abstract choices(): Choice[];

  /** Return the id of the case that is decided when everything of a person is taken down. */
  protected abstract get decides(): string;

  /** Do what a key stands for; false when it stands for nothing here. */
  press(key: string): boolean {
    const choice = this.choices().find((one) => one.key === key);
    choice?.run();
    return choice !== undefined;
  }

  protected do(work: () => Promise<Done>, decides = ""): () => void {
    return () => this.dispatchEvent(new Act(work, decides));
  }

  protected about(person: Person): Choice[] {
    if (person.id === this.me) return [];
    const { acts, words } = this;
    const clear = { key: "c", label: words.clear, danger: true, run: () => this.#ask("clear") };
    if (this.spared.has(person.id)) return [clear]; // words may go; who wrote them is protected
    return [
      ...TIMEOUTS.map(({ minutes, key }) => ({
        key,
        label: `${words.pause} ${words.minutes(minutes)}`,
        run: this.do(() => acts.timeout(person, minutes)),
      })),
      { key: "s", label: words.shadow, hint: words.shadowHint, run: this.do(() => acts.shadow(person)) },
      clear,
      { key: "b", label: words.ban, danger: true, run: () => this.#ask("ban") },
    ];
  }

  #ask(what: "ban" | "clear"): void {
    this.asking = what;
    void this.focusOn(what === "ban" ? "#ban-days" : ".ask .danger");
  }

  #close = (): void => {
    this.asking = "";
    void this.focusOn(".acts button");
  };

  protected buttons(person: Person | undefined): TemplateResult {
    if (person && this.asking) return this.asking === "ban" ? this.#ban(person) : this.#clear(person);
    return html`<div class="acts">${repeat(
      this.choices(),
      ({ key }) => key, // a button that goes hands its focus to no other
      ({
        key,
        label,
        danger,
        strong,
        hint,
        run,
      }) => html`<button class=${strong ? "strong" : danger ? "danger" : ""}
        title=${hint ?? label} @click=${run} aria-keyshortcuts=${key}>${label} <kbd>${key.toUpperCase()}</kbd></button>`,
    )}</div>`;
  }

  #escapes = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && !isComposing(event)) this.#close();
  };

  #cancel(): TemplateResult {
    return html`<button type="button" @click=${this.#close}>${homeWords[this.language].cancel}</button>`;
  }

  #clear(person: Person): TemplateResult {
    const { acts, words, room } = this;
    return html`<div class="ask" @keydown=${this.#escapes}>
      <h2>${words.clearTitle(person.name)}</h2>
      <p>${words.clearSure}</p>
      <div class="row">
        <button class="danger" @click=${() => {
          this.#close();
          this.do(() => acts.clear(person, room), this.decides)();
        }}>${words.clearGo}</button>
        ${this.#cancel()}
      </div>
    </div>`;
  }

  #ban(person: Person): TemplateResult {
    const { words } = this;
    return html`<form class="ask ban" @submit=${(event: SubmitEvent) => this.#banNow(event, person)}
      @keydown=${this.#escapes}>
      <h2>${words.banTitle(person.name)}</h2>
      <label for="ban-days">${words.banFor}</label>
      <select id="ban-days" name="days">
        ${BAN_DAYS.map((days) => html`<option value=${days}>${words.days(days)}</option>`)}
      </select>
      <label class="check"><input type="checkbox" name="clear" />${words.banClear}</label>
      <label for="ban-reason">${words.banReason}</label>
      <input id="ban-reason" name="reason" maxlength="500" autocomplete="off" />
      <div class="row"><button class="danger">${words.banGo}</button>${this.#cancel()}</div>
    </form>`;
  }

  #banNow(event: SubmitEvent, person: Person): void {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const choice: BanChoice = {
      days: Number(typed(form, "days")),
      clear: typed(form, "clear") === "on",
      reason: typed(form, "reason").trim(),
    };
    this.#close();
    this.do(() => this.acts.ban(person, choice), choice.clear ? this.decides : "")();
  }
}

/** `<narthex-person>`: somebody who is here. */
export class NarthexPerson extends PersonElement {
  static override properties = {
    ...PersonElement.properties,
    person: { attribute: false },
    host: { type: Boolean },
  };

  declare person: Person;
  declare host: boolean;

  constructor() {
    super();
    this.host = false;
  }

  protected override get decides(): string {
    return "";
  }

  protected override choices(): Choice[] {
    return this.about(this.person);
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    const before = changed.get("person") as Person | undefined;
    if (before && before.id !== this.person.id) this.asking = "";
  }

  protected override render(): TemplateResult {
    const { person, words } = this;
    return html`<section aria-label=${words.acts}>
      <h2 class="who" dir="auto">${person.name} ${this.host ? html`<span class="badge">${words.host}</span>` : ""}</h2>
      ${person.id === this.me ? html`<p class="muted">${words.thatIsYou}</p>` : this.buttons(person)}
    </section>`;
  }
}
