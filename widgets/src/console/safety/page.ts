/** `<narthex-safety>`: a church's rules for words, links and floods, and a box to try them before they hold. */

import { html, nothing, type TemplateResult } from "lit";
import type { Rules, TrialShown, WordRule } from "../../core/generated";
import { isComposing } from "../../core/keys";
import { ApiError, AT, type Session } from "../api";
import { field, typed } from "../field";
import { ConsoleForm } from "../form";
import { alert, bones, notice } from "../view";
import { homeWords } from "../words/home";
import { safetyWords } from "../words/safety";

const ACTS = ["refuse", "hold", "shadow"] as const;
const LINKS = ["allow", "hold_guests", "hold", "refuse"] as const;
/** What holds in all rooms of the church. */
interface Settings {
  readonly host_label?: string;
  readonly keep_days?: number;
}

type WordAct = (typeof ACTS)[number];

export class NarthexSafety extends ConsoleForm {
  static override properties = {
    ...ConsoleForm.properties,
    session: { attribute: false },
    words: { state: true },
    rules: { state: true },
    settings: { state: true },
    verdict: { state: true },
    tryError: { state: true },
  };

  declare session: Session;
  declare rules: Rules | null;
  declare settings: Settings | null;
  /** The list as it stands in the form. */
  declare words: readonly WordRule[];
  declare verdict: TrialShown | null;
  declare tryError: string;
  readonly #say = safetyWords[this.language];

  constructor() {
    super();
    this.rules = null;
    this.settings = null;
    this.words = [];
    this.verdict = null;
    this.tryError = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  protected override why(error: unknown): string {
    const code = error instanceof ApiError ? error.errors[0]?.code : undefined;
    return this.#say.codes[code ?? ""] ?? super.why(error);
  }

  get #mayChange(): boolean {
    return this.session.person.roles.some((role) => role === "owner" || role === "admin");
  }

  #load = (): Promise<boolean> =>
    this.attempt(async () => {
      const [rules, settings] = await Promise.all([
        this.api.get<Rules>(AT.rules),
        this.api.get<Settings>(AT.chatSettings),
      ]);
      this.rules = rules;
      this.words = rules.words ?? [];
      this.settings = settings;
    });

  protected override render(): TemplateResult {
    const say = this.#say;
    return html`
      <h1 tabindex="-1">${say.title}</h1>
      <narthex-restrained class="card-like" .api=${this.api}></narthex-restrained>
      <p class="muted">${say.intro} ${this.#mayChange ? "" : say.readOnly}</p>
      ${notice(this.done)} ${alert(this.error)}
      ${this.rules && this.settings ? this.#page(this.rules, this.settings) : this.#missing()}
    `;
  }

  #missing(): TemplateResult {
    return this.error
      ? html`<button @click=${this.#load}>${homeWords[this.language].again}</button>`
      : bones(this.say.loading);
  }

  #page(rules: Rules, settings: Settings): TemplateResult {
    return html`<div class="columns">
      <form id="rules" class="card-like" @submit=${this.#save}>
        <fieldset ?disabled=${!this.#mayChange}>
          ${this.#list()} ${this.#links(rules)} ${this.#pace(rules)} ${this.#host(settings)}
        </fieldset>
        ${this.#mayChange ? html`<button class="primary" ?disabled=${this.busy}>${homeWords[this.language].save}</button>` : nothing}
      </form>
      <section class="card-like">${this.#trial()}</section>
    </div>`;
  }

  #list(): TemplateResult {
    const say = this.#say;
    return html`
      <h2>${say.words}</h2>
      <p class="hint">${say.wordsHint}</p>
      ${this.words.length ? nothing : html`<p class="muted">${say.noWords}</p>`}
      <ul class="list">${this.words.map(
        (rule, at) => html`<li>
          <span class="what"><strong dir="auto">${rule.pattern}</strong>
            <span class="muted">${say.acts[rule.act ?? "hold"]}</span></span>
          <button type="button" aria-label=${say.removeWord(rule.pattern)} @click=${() => this.#drop(at)}>
            <span aria-hidden="true">×</span>
          </button>
        </li>`,
      )}</ul>
      <div class="row add">
        <div><label for="word">${say.word}</label>
          <input id="word" maxlength="60" autocomplete="off" @keydown=${this.#addByEnter} /></div>
        <div><label for="act">${say.act}</label>
          <select id="act">${ACTS.map((act) => html`<option value=${act} ?selected=${act === "hold"}>${say.acts[act]}</option>`)}</select></div>
        <button type="button" @click=${this.#add}>${say.add}</button>
      </div>
    `;
  }

  #links(rules: Rules): TemplateResult {
    const say = this.#say;
    return html`
      <h2 class="later">${say.links}</h2>
      <label for="links">${say.act}</label>
      <select id="links" name="links">
        ${LINKS.map((one) => html`<option value=${one} ?selected=${one === rules.links}>${say.linkActs[one]}</option>`)}
      </select>
      <label for="link_hosts">${say.hosts}</label>
      <textarea id="link_hosts" name="link_hosts" rows="3" aria-describedby="hosts-hint"
        .defaultValue=${(rules.link_hosts ?? []).join("\n")}></textarea>
      <p class="hint" id="hosts-hint">${say.hostsHint}</p>
    `;
  }

  #pace(rules: Rules): TemplateResult {
    const say = this.#say;
    const number = (name: string, label: string, value = 0, hint = "") =>
      field({ name, label, type: "number", value: String(value), hint, error: this.wrong[name], most: 4 });
    return html`
      <h2 class="later">${say.pace}</h2>
      ${number("flood_messages", say.messages, rules.flood_messages, say.zeroOff)}
      ${number("flood_seconds", say.seconds, rules.flood_seconds)}
      ${number("duplicate_seconds", say.duplicates, rules.duplicate_seconds, say.zeroOff)}
      <label class="check"><input type="checkbox" name="crisis" ?checked=${rules.crisis ?? true} />${say.crisis}</label>
      ${field({ name: "country", label: say.country, value: rules.country ?? "US", hint: say.countryHint, error: this.wrong.country, most: 2, autocomplete: "country" })}
    `;
  }

  #host(settings: Settings): TemplateResult {
    const say = this.#say;
    const { host_label = "Host", keep_days = 365 } = settings;
    return html`
      ${field({ name: "host_label", label: say.badge, value: host_label, hint: say.badgeHint, most: 30, error: this.wrong.host_label })}
      ${field({ name: "keep_days", label: say.keep, type: "number", value: String(keep_days), most: 4, error: this.wrong.keep_days })}
    `;
  }

  #trial(): TemplateResult {
    const say = this.#say;
    const found = this.verdict;
    return html`
      <h2>${say.tryTitle}</h2>
      <p class="hint" id="try-hint">${say.tryHint}</p>
      <form id="trial" @submit=${this.#try}>
        <label for="text">${say.tryText}</label>
        <textarea id="text" name="text" rows="3" maxlength="2000" required aria-describedby="try-hint"></textarea>
        <label class="check"><input type="checkbox" name="guest" checked />${say.asGuest}</label>
        <button>${say.tryGo}</button>
      </form>
      ${alert(this.tryError)}
      <div role="status">${
        found
          ? html`<p class=${`verdict ${found.act}`}>${say.verdicts[found.act]}${
              found.act === "take" ? "" : `: ${say.reasons[found.reason] ?? found.reason}.`
            }</p>`
          : nothing
      }</div>
    `;
  }

  #drop(at: number): void {
    this.words = this.words.filter((_, index) => index !== at);
    void this.focusOn("#word");
  }

  #addByEnter = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || isComposing(event)) return;
    event.preventDefault(); // Enter adds the word; it does not save the page
    this.#add();
  };

  #add = (): void => {
    const box = this.querySelector<HTMLInputElement>("#word");
    const pattern = box?.value.trim();
    if (!box || !pattern) return;
    const act = (this.querySelector<HTMLSelectElement>("#act")?.value ?? "hold") as WordAct;
    this.words = [...this.words.filter((rule) => rule.pattern !== pattern), { pattern, act }];
    box.value = "";
    box.focus();
  };

  /** Read the rules as they stand in the form, saved or not. */
  #read(): Rules {
    const form = this.querySelector<HTMLFormElement>("#rules");
    const { rules, words } = this;
    if (!form || !this.#mayChange) return { ...rules, words: [...words] };
    return {
      words: [...words],
      links: typed(form, "links") as Exclude<Rules["links"], undefined>,
      link_hosts: typed(form, "link_hosts")
        .toLowerCase()
        .split(/[\s,]+/)
        .filter(Boolean),
      flood_messages: Number(typed(form, "flood_messages")),
      flood_seconds: Number(typed(form, "flood_seconds")),
      duplicate_seconds: Number(typed(form, "duplicate_seconds")),
      crisis: typed(form, "crisis") === "on",
      country: typed(form, "country").trim().toUpperCase(),
    };
  }

  #save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const settings = {
      host_label: typed(form, "host_label").trim(),
      keep_days: Number(typed(form, "keep_days")),
    };
    const rules = this.#read();
    await this.attempt(async () => {
      await this.api.send("PUT", AT.rules, rules);
      await this.api.send("PUT", AT.chatSettings, settings);
    }, homeWords[this.language].saved);
  };

  #try = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const trial = { rules: this.#read(), text: typed(form, "text"), guest: typed(form, "guest") === "on" };
    this.tryError = "";
    this.verdict = null;
    try {
      this.verdict = await this.api.send<TrialShown>("POST", AT.tryRules, trial);
    } catch (error) {
      this.tryError = this.why(error);
    }
  };
}
