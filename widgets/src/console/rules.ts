/** A form of rules that are replaced over the version that was read; what somebody else changed meanwhile is shown. */

import { html, type TemplateResult } from "lit";
import { ApiError } from "./api";
import { field, typed } from "./field";
import { ConsoleForm } from "./form";
import { alert, bones, notice } from "./view";
import { homeWords } from "./words/home";

export abstract class RulesForm<Rules extends object> extends ConsoleForm {
  static override properties = { ...ConsoleForm.properties, rules: { state: true } };

  declare rules: Rules | null;
  #version = "";
  #round = 0;

  constructor() {
    super();
    this.rules = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.attempt(this.#read);
  }

  /** Where they stand. */
  protected abstract readonly at: string;
  protected abstract readonly heading: string;
  /** What is said when somebody else was quicker. */
  protected abstract readonly stale: string;
  protected abstract fields(rules: Rules): TemplateResult;
  protected abstract filled(form: HTMLFormElement): Rules;

  #read = async (): Promise<void> => {
    const { data, version } = await this.api.read<Rules>(this.at);
    this.rules = data;
    this.#version = version;
    this.#round += 1;
  };

  protected override render(): TemplateResult {
    if (!this.rules)
      return this.error
        ? html`${alert(this.error)}<button @click=${() => this.attempt(this.#read)}>${homeWords[this.language].again}</button>`
        : bones(this.say.loading, 6);
    return html`${notice(this.done)} ${alert(this.error)}
      <form class="card-like rules" data-round=${this.#round} @submit=${this.#save}>
        <h2>${this.heading}</h2>
        ${this.fields(this.rules)}
        <button class="strong" ?disabled=${this.busy}>${homeWords[this.language].save}</button>
      </form>`;
  }

  #save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const rules = this.filled(event.target as HTMLFormElement);
    let stale = false;
    await this.attempt(async () => {
      try {
        const { data, version } = await this.api.replace<Rules>(this.at, rules, this.#version);
        this.rules = data;
        this.#version = version;
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== "precondition_failed") throw error;
        await this.#read();
        stale = true;
      }
    }, homeWords[this.language].saved);
    if (!stale) return;
    this.done = "";
    this.error = this.stale;
  };

  // ---- fields

  protected number(name: string, label: string, value: number, least: number, most: number): TemplateResult {
    const digits = String(most).length;
    return html`${field({ name, label, type: "number", value: String(value), most: digits, inputmode: "numeric", error: this.wrong[name], hint: `${least} – ${most}` })}`;
  }

  protected check(name: string, label: string, on: boolean): TemplateResult {
    return html`<label class="check"><input type="checkbox" name=${name} .checked=${on} />${label}</label>`;
  }

  protected choice(
    name: string,
    label: string,
    values: Readonly<Record<string, string>>,
    value: string,
  ): TemplateResult {
    return html`<label for=${name}>${label}</label>
      <select id=${name} name=${name}>${Object.entries(values).map(
        ([one, text]) => html`<option value=${one} .selected=${one === value}>${text}</option>`,
      )}</select>`;
  }
}

export function ticked(form: HTMLFormElement, name: string): boolean {
  return typed(form, name) === "on";
}

export function counted(form: HTMLFormElement, name: string): number {
  return Number(typed(form, name));
}
