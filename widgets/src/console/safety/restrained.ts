/** `<narthex-restrained>`: who is kept out, who pauses and whose words are hidden, with who, why and until when; lifted here. */

import { html, nothing, type TemplateResult } from "lit";
import type { BanShown, RestraintShown } from "../../core/generated";
import { AT } from "../api";
import { ConsoleForm } from "../form";
import { moment } from "../time";
import { alert, bones, notice } from "../view";
import { homeWords } from "../words/home";
import { restrainedWords } from "../words/restrained";

interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

export class NarthexRestrained extends ConsoleForm {
  static override properties = {
    ...ConsoleForm.properties,
    bans: { state: true },
    next: { state: true },
    past: { state: true },
    restraints: { state: true },
  };

  declare bans: readonly BanShown[] | null;
  declare next: string | null;
  /** Whether bans that are over are listed too. */
  declare past: boolean;
  declare restraints: readonly RestraintShown[];
  readonly #words = restrainedWords[this.language];

  constructor() {
    super();
    this.bans = null;
    this.next = null;
    this.past = false;
    this.restraints = [];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  #load = (): Promise<boolean> =>
    this.look(
      () => Promise.all([this.#page(null), this.api.get<Page<RestraintShown>>(AT.restraints)]),
      ([bans, restraints]) => {
        [this.bans, this.next] = [bans.items, bans.next];
        this.restraints = restraints.items;
      },
    );

  #page(after: string | null): Promise<Page<BanShown>> {
    return this.api.get(AT.bans, { active: String(!this.past), after: after ?? undefined });
  }

  #more = (): Promise<boolean> =>
    this.look(
      () => this.#page(this.next),
      ({ items, next }) => {
        this.bans = [...(this.bans ?? []), ...items];
        this.next = next;
      },
    );

  protected override render(): TemplateResult {
    const words = this.#words;
    return html`
      <h2 tabindex="-1">${words.title}</h2>
      ${notice(this.done)} ${alert(this.error)}
      ${this.bans ? this.#lists(this.bans) : this.#missing()}
    `;
  }

  #missing(): TemplateResult {
    return this.error
      ? html`<button @click=${this.#load}>${homeWords[this.language].again}</button>`
      : bones(this.say.loading, 2);
  }

  #lists(bans: readonly BanShown[]): TemplateResult {
    const words = this.#words;
    const { restraints } = this;
    return html`
      ${bans.length || restraints.length ? nothing : html`<p class="muted">${words.nobody}</p>`}
      ${bans.length ? html`<h3>${words.bans}</h3><ul class="list">${bans.map((ban) => this.#ban(ban))}</ul>` : nothing}
      ${
        this.next
          ? html`<button ?disabled=${this.busy} @click=${this.#more}>${homeWords[this.language].more}</button>`
          : nothing
      }
      ${
        restraints.length
          ? html`<h3>${words.restraints}</h3>
            <ul class="list">${restraints.map((one) => this.#restraint(one))}</ul>`
          : nothing
      }
      <label class="check"><input type="checkbox" .checked=${this.past} @change=${this.#switch} />${words.past}</label>
    `;
  }

  #ban(ban: BanShown): TemplateResult {
    const words = this.#words;
    const name = ban.name || words.nameless;
    const until = ban.expires_at ? words.until(this.#at(ban.expires_at)) : words.forGood;
    const over =
      ban.lifted_at !== null || (ban.expires_at !== null && Date.parse(ban.expires_at) <= Date.now());
    return html`<li>
      <div class="what">
        <strong dir="auto">${name}</strong>
        <span>${ban.lifted_at ? words.lifted(this.#at(ban.lifted_at), ban.lifted_by ?? "") : over ? words.over : until}</span>
        <span class="muted">${words.madeBy(ban.made_by, this.#at(ban.made_at))}</span>
        ${ban.reason ? html`<span dir="auto">${words.reason(ban.reason)}</span>` : nothing}
        <span class="muted">${words.recognised(ban.kinds.map((kind) => words.kinds[kind] ?? kind).join(", "))}</span>
      </div>
      ${
        over
          ? nothing
          : html`<button ?disabled=${this.busy} aria-label=${`${words.lift}: ${name}`}
              @click=${() => this.#end("POST", AT.lift(ban.id), words.letIn(name))}>${words.lift}</button>`
      }
    </li>`;
  }

  #restraint({ person, kind, name, until, made_by, made_at }: RestraintShown): TemplateResult {
    const words = this.#words;
    const shown = name || words.nameless;
    const path = kind === "timeout" ? AT.timeout(person) : AT.shadow(person);
    return html`<li>
      <div class="what">
        <strong dir="auto">${shown}</strong>
        <span>${words.acts[kind]}, ${words.until(this.#at(until))}</span>
        <span class="muted">${words.madeBy(made_by, this.#at(made_at))}</span>
      </div>
      <button ?disabled=${this.busy} aria-label=${`${words.end}: ${shown}`}
        @click=${() => this.#end("DELETE", path, words.ended(shown))}>${words.end}</button>
    </li>`;
  }

  #at(instant: string): string {
    return moment(instant, this.language);
  }

  #switch = (event: Event): void => {
    this.past = (event.target as HTMLInputElement).checked;
    this.next = null; // of the other list
    void this.#load();
  };

  /** Lift what restrains somebody, then read the lists again; the focus goes where the answer is read. */
  #end = async (method: "POST" | "DELETE", path: string, done: string): Promise<void> => {
    if (!(await this.attempt(() => this.api.send(method, path), done))) return;
    await this.#load();
    void this.focusOn("h2");
  };
}
