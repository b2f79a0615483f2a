/** `<narthex-prayer-form>`: ask for prayer. What is typed is kept until it has arrived, whatever the network does. */

import { html, LitElement, nothing, type TemplateResult } from "lit";
import { copy } from "../core/clipboard";
import type { Asked } from "../core/generated";
import { type Helpline, helplines } from "../core/helplines";
import { HttpError } from "../core/http";
import { icon } from "../core/icons";
import { token } from "../core/uuid";
import { care } from "./care";
import type { Asker, Link } from "./page";
import type { Speech } from "./speech";
import type { Key } from "./words/en";

const DRAFT = "prayer-draft";
const MOST = 5_000;
const CLOSE_TO = 500; // characters left, from which on they are counted aloud
const READERS = ["team", "pastors", "members", "wall"] as const;
const CATEGORIES: readonly [string, Key][] = [
  ["health", "health"],
  ["family", "family"],
  ["grief", "grief"],
  ["work", "work"],
  ["faith", "faith"],
  ["thanks", "thanks"],
  ["world", "world"],
  ["other", "otherCategory"],
];

interface Draft {
  readonly body: string;
  readonly public_body: string;
  readonly visibility: (typeof READERS)[number];
  readonly for_whom: "self" | "other";
  readonly consent: boolean;
  readonly wall_consent: boolean;
  readonly anonymous: boolean;
  readonly name: string;
  readonly email: string;
  readonly category: string;
  readonly urgent: boolean;
  readonly tell_prayed: boolean;
  /** Of the link to this request: made here, so that a try whose answer was lost is the same request. */
  readonly secret?: string;
}

const BLANK: Draft = {
  body: "",
  public_body: "",
  visibility: "team",
  for_whom: "self",
  consent: false,
  wall_consent: false,
  anonymous: false,
  name: "",
  email: "",
  category: "other",
  urgent: false,
  tell_prayed: true,
};

export class NarthexPrayerForm extends LitElement {
  static override properties = {
    speech: { attribute: false },
    draft: { state: true },
    busy: { state: true },
    problem: { state: true },
    wrong: { state: true },
    sent: { state: true },
    lines: { state: true },
    copied: { state: true },
  };

  declare visitor: Asker;
  declare speech: Speech;
  /** Called with the link of a request that somebody wants to see. */
  declare see: (link: Link) => void;
  /** Called to go back to where the form was opened from; null when it stands by itself. */
  declare back: (() => void) | null;
  declare draft: Draft;
  declare busy: boolean;
  declare problem: string;
  /** The field that has to be mended: the problem stands beside it. */
  declare wrong: string;
  declare sent: (Asked & { readonly token: string }) | null;
  declare lines: readonly Helpline[] | null;
  /** What became of the last try to copy the link. */
  declare copied: "copied" | "notCopied" | "";

  constructor() {
    super();
    this.back = null;
    this.draft = BLANK;
    this.busy = false;
    this.problem = "";
    this.wrong = "";
    this.sent = null;
    this.lines = null;
    this.copied = "";
  }

  protected override createRenderRoot(): this {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.draft = { ...BLANK, ...this.visitor.memory.recall<Draft>(DRAFT) };
  }

  protected override render(): TemplateResult {
    return html`${this.lines ? care(this.lines, this.speech) : nothing}
      <main class="fields">${this.sent ? this.#thanks(this.sent) : this.#form()}</main>`;
  }

  // ---- the form

  #form(): TemplateResult {
    const { say } = this.speech;
    const { draft } = this;
    return html`<header class="top"><h1 tabindex="-1">${say("formTitle")}</h1>
        ${this.back ? html`<button class="plain" @click=${this.back}>${say("backToWall")}</button>` : nothing}</header>
      <p class="why">${say("formWhy", { church: this.visitor.page.church.name })}</p>
      ${this.#own()}
      <form @submit=${this.#submit} @input=${this.#typed} aria-busy=${this.busy} novalidate>
        ${this.#words("body", "words", 6, true)}
        <fieldset><legend>${say("whoReads")}</legend>${READERS.map(
          (reader) => html`<label class="check"><input type="radio" name="visibility" value=${reader}
            .checked=${draft.visibility === reader} /><span>${say(reader)} <small>${say(`${reader}Hint`)}</small></span></label>`,
        )}</fieldset>
        ${
          draft.visibility === "wall"
            ? html`${this.#check("wall_consent", "wallConsent")}${this.#words("public_body", "publicWords", 3, false)}`
            : nothing
        }
        <fieldset><legend>${say("forWhom")}</legend>
          ${this.#radio("for_whom", "self", "forMe")}${this.#radio("for_whom", "other", "forSomebody")}</fieldset>
        ${draft.for_whom === "other" ? this.#check("consent", "theyAgree") : nothing}
        ${this.#check("anonymous", "anonymous", "anonymousHint")}
        ${draft.anonymous ? nothing : this.#line("name", "name", "text", "name", 60)}
        ${this.#line("email", "email", "email", "email", 254, "emailHint")}
        <label for="category">${say("category")}</label>
        <select id="category" name="category">${CATEGORIES.map(
          ([value, key]) =>
            html`<option value=${value} ?selected=${draft.category === value}>${say(key)}</option>`,
        )}</select>
        ${this.#check("urgent", "isUrgent")}${this.#check("tell_prayed", "tellPrayed")}
        ${this.problem && !this.wrong ? html`<p class="alert" id="problem" role="alert">${this.problem}</p>` : nothing}
        <button class="primary">${say(this.busy ? "sending" : "sendRequest")}</button>
      </form>`;
  }

  /** The requests this browser has asked for, to go on with. */
  #own(): TemplateResult | typeof nothing {
    const { links } = this.visitor;
    if (links.length === 0) return nothing;
    return html`<nav aria-label=${this.speech.say("ownList")}><ul class="row">${links.map(
      (link, at) =>
        html`<li><button class="secondary" @click=${() => this.see(link)}>${this.speech.say("see")}${links.length > 1 ? ` ${at + 1}` : ""}</button></li>`,
    )}</ul></nav>`;
  }

  #words(name: "body" | "public_body", key: Key, rows: number, required: boolean): TemplateResult {
    const { say } = this.speech;
    const left = MOST - [...this.draft[name]].length;
    const hint = `${name}-hint`;
    const said =
      left < 0
        ? say("wordsOver", { count: -left })
        : left < CLOSE_TO
          ? say("wordsLeft", { count: left })
          : "";
    return html`<label for=${name}>${say(key)}</label>
      <textarea id=${name} name=${name} rows=${rows} dir="auto" ?required=${required} .value=${this.draft[name]}
        aria-invalid=${this.wrong === name || left < 0 ? "true" : nothing}
        aria-describedby=${this.#described(name, hint)}></textarea>
      ${this.#reason(name)}
      <p class=${left < 0 ? "alert" : "why"} id=${hint} aria-live="polite">${said || (required ? "" : say("publicHint"))}</p>`;
  }

  #line(
    name: "name" | "email",
    key: Key,
    type: string,
    auto: string,
    most: number,
    hint?: Key,
  ): TemplateResult {
    const { say } = this.speech;
    return html`<label for=${name}>${say(key)}</label>
      <input id=${name} name=${name} type=${type} autocomplete=${auto} maxlength=${most} dir=${type === "email" ? "ltr" : "auto"}
        .value=${this.draft[name]} aria-invalid=${this.wrong === name ? "true" : nothing}
        aria-describedby=${this.#described(name, hint && `${name}-hint`)} />
      ${this.#reason(name)}
      ${hint ? html`<p class="why" id=${`${name}-hint`}>${say(hint)}</p>` : nothing}`;
  }

  #check(name: keyof Draft & string, key: Key, hint?: Key): TemplateResult {
    return html`<label class="check"><input type="checkbox" name=${name} .checked=${this.draft[name] === true}
        aria-invalid=${this.wrong === name ? "true" : nothing} aria-describedby=${this.#described(name)} />
        <span>${this.speech.say(key)} ${hint ? html`<small>${this.speech.say(hint)}</small>` : nothing}</span></label>
      ${this.#reason(name)}`;
  }

  #radio(name: "for_whom", value: Draft["for_whom"], key: Key): TemplateResult {
    return html`<label class="check"><input type="radio" name=${name} value=${value}
      .checked=${this.draft[name] === value} /><span>${this.speech.say(key)}</span></label>`;
  }

  /** Why a field has to be mended, beside it: on a phone the form's end is out of sight. */
  #reason(name: string): TemplateResult | typeof nothing {
    return this.wrong === name ? html`<p class="alert" id="problem">${this.problem}</p>` : nothing;
  }

  #described(name: string, hint = ""): string | typeof nothing {
    return `${this.wrong === name ? "problem " : ""}${hint}`.trim() || nothing;
  }

  // ---- what is typed and sent

  #typed = (event: Event): void => {
    const { name, type, value, checked } = event.target as HTMLInputElement;
    if (!(name in BLANK)) return;
    const { secret: _, ...before } = this.draft; // other words are another request
    this.draft = { ...before, [name]: type === "checkbox" ? checked : value };
    this.problem = "";
    this.wrong = "";
    this.visitor.memory.keep(DRAFT, this.draft);
  };

  #submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (this.busy) return;
    const missing = this.#missing();
    if (missing) {
      await this.#refuse(missing[0], this.speech.error(missing[1]));
      return;
    }
    this.busy = true;
    this.problem = "";
    this.wrong = "";
    this.draft = { ...this.draft, secret: this.draft.secret ?? token() };
    this.visitor.memory.keep(DRAFT, this.draft);
    try {
      const { name, ...rest } = this.draft;
      const asked = await this.visitor.http.send<Asked>("POST", "/prayers", {
        ...rest,
        name: rest.anonymous ? "" : name,
        language: this.speech.language,
      });
      await this.#arrived(asked);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      const field = error.errors[0]?.pointer.slice(1) ?? "";
      const why = error.offline
        ? this.speech.say("keptOffline")
        : this.speech.error(error.errors[0]?.code === "bad_email" ? "bad_email" : error.code);
      await this.#refuse(field, error.offline ? why : `${why} ${this.speech.say("kept")}`);
    } finally {
      this.busy = false;
    }
  };

  /** Return the first field that has to be filled, and the code of why. */
  #missing(): readonly [string, string] | null {
    const { body, for_whom, consent, visibility, wall_consent } = this.draft;
    if (!body.trim() || [...body].length > MOST) return ["body", "bad_text"];
    if (visibility === "wall" && !wall_consent) return ["wall_consent", "consent_missing"];
    if (for_whom === "other" && !consent) return ["consent", "consent_missing"];
    return null;
  }

  /** Say why, keep everything, and put the focus where it can be mended. */
  async #refuse(field: string, why: string): Promise<void> {
    const box = field in BLANK ? this.querySelector<HTMLElement>(`[name="${field}"]`) : null;
    const beside = box !== null && !box.matches('select, [type="radio"]'); // else the reason stands at the end
    this.problem = why;
    this.wrong = beside ? field : "";
    await this.updateComplete;
    if (beside) box.focus();
  }

  async #arrived(asked: Asked): Promise<void> {
    const token = asked.link.split(".").at(-1) ?? "";
    this.visitor.memory.keep(DRAFT, null);
    this.visitor.keep({ id: asked.id, token });
    this.draft = BLANK;
    this.copied = "";
    this.sent = { ...asked, token };
    if (asked.card) this.lines = await helplines(this.visitor.http, asked.card, this.speech.language);
    await this.#atTop();
  }

  /** Another page stands here now: whoever listens hears its title, and goes on from there. */
  async #atTop(): Promise<void> {
    await this.updateComplete;
    this.querySelector<HTMLElement>("h1")?.focus();
  }

  // ---- afterwards

  #thanks({ id, link, token }: Asked & { readonly token: string }): TemplateResult {
    const { say } = this.speech;
    const take = async () => {
      // nobody else has this link: that it was copied is said only when it was
      this.copied = (await copy(link, this.querySelector(".address"))) ? "copied" : "notCopied";
    };
    return html`<h1 tabindex="-1">${say("sentTitle")}</h1>
      <p>${say("sentText")}</p>
      <p>${say("sentLink")}</p>
      <p class="address" dir="ltr">${link}</p>
      <div class="row">
        <button class="primary" @click=${take}>${icon("copy")}${say("copy")}</button>
        <button class="secondary" @click=${() => this.see({ id, token })}>${say("see")}</button>
        <button class="secondary" @click=${() => this.#again()}>${say("another")}</button>
        ${this.back ? html`<button class="secondary" @click=${this.back}>${say("backToWall")}</button>` : nothing}
      </div>
      <p class="why" role="status">${this.copied ? say(this.copied) : nothing}</p>`;
  }

  #again(): void {
    this.sent = null;
    this.lines = null;
    void this.#atTop();
  }
}
