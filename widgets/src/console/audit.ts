/** `<narthex-audit>`: what staff did, chosen by who, about what and which action; and the proof that none is missing. */

import { html, nothing, type TemplateResult } from "lit";
import type { AuditEntry, AuditPage, AuditVerdict } from "../core/generated";
import { AT } from "./api";
import { ConsoleForm } from "./form";
import { moment } from "./time";
import { alert, bones } from "./view";
import { auditWords } from "./words/audit";
import { homeWords } from "./words/home";

interface Chosen {
  readonly value: string;
  readonly name: string;
}

export class NarthexAudit extends ConsoleForm {
  static override properties = {
    ...ConsoleForm.properties,
    entries: { state: true },
    next: { state: true },
    action: { state: true },
    actor: { state: true },
    subject: { state: true },
    verdict: { state: true },
  };

  declare entries: readonly AuditEntry[] | null;
  declare next: string | null;
  declare action: string;
  declare actor: Chosen | null;
  declare subject: Chosen | null;
  declare verdict: AuditVerdict | null;
  readonly #words = auditWords[this.language];

  constructor() {
    super();
    this.entries = null;
    this.next = null;
    this.action = "";
    this.actor = null;
    this.subject = null;
    this.verdict = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  #load = (): Promise<boolean> => {
    this.entries = null;
    return this.#more(null);
  };

  #more(after: string | null): Promise<boolean> {
    return this.look(
      () =>
        this.api.get<AuditPage>(AT.audit, {
          action: this.action || undefined,
          actor: this.actor?.value,
          subject: this.subject?.value,
          after: after ?? undefined,
        }),
      ({ items, next }) => {
        this.entries = [...(after ? (this.entries ?? []) : []), ...items];
        this.next = next;
      },
    );
  }

  protected override render(): TemplateResult {
    const words = this.#words;
    return html`
      <h1 tabindex="-1">${words.title}</h1>
      <p class="muted">${words.intro}</p>
      <button ?disabled=${this.busy} @click=${this.#verify}>${words.verify}</button>
      ${this.#verdict()} ${this.#filters()} ${alert(this.error)}
      ${this.entries ? this.#list(this.entries) : this.#missing()}
    `;
  }

  #missing(): TemplateResult {
    return this.error
      ? html`<button @click=${this.#load}>${homeWords[this.language].again}</button>`
      : bones(this.say.loading);
  }

  #verdict(): TemplateResult {
    const words = this.#words;
    const found = this.verdict;
    if (!found) return html`<div role="status"></div>`;
    if (!found.intact) return html`<div role="status">${alert(words.broken(found.broken_at))}</div>`;
    return html`<div role="status">
      <p class="notice">
        ${words.intact(found.entries)}
        <span class="hint">${words.head} <code>${found.head_seq}:${found.head_hash}</code></span>
      </p>
    </div>`;
  }

  #filters(): TemplateResult {
    const words = this.#words;
    const named = Object.entries(words.actions).sort(([, a], [, b]) => a.localeCompare(b, this.language));
    const chosen = [
      this.actor && { ...this.actor, clear: () => this.#choose({ actor: null }) },
      this.subject && { ...this.subject, clear: () => this.#choose({ subject: null }) },
    ].filter((one) => one !== null);
    return html`<div class="row filters">
      <div>
        <label for="action">${words.action}</label>
        <select id="action" @change=${(event: Event) => this.#choose({ action: (event.target as HTMLSelectElement).value })}>
          <option value="" ?selected=${!this.action}>${words.anything}</option>
          ${named.map(([code, text]) => html`<option value=${code} ?selected=${code === this.action}>${text}</option>`)}
        </select>
      </div>
      ${chosen.map(
        ({ name, clear }) => html`<button @click=${clear} aria-label=${`${words.only(name)}. ${words.clear}`}>
          ${words.only(name)} <span aria-hidden="true">×</span>
        </button>`,
      )}
    </div>`;
  }

  #choose(change: { action?: string; actor?: Chosen | null; subject?: Chosen | null }): void {
    Object.assign(this, change);
    void this.#load();
  }

  #list(entries: readonly AuditEntry[]): TemplateResult {
    const words = this.#words;
    if (!entries.length) {
      const filtered = this.action || this.actor || this.subject;
      return html`<p class="empty">${filtered ? words.none : words.empty}</p>`;
    }
    return html`
      <ol class="list" reversed>${entries.map((entry) => this.#entry(entry))}</ol>
      ${
        this.next
          ? html`<button ?disabled=${this.busy} @click=${() => this.#more(this.next)}>${homeWords[this.language].more}</button>`
          : nothing
      }
    `;
  }

  #entry({ seq, at, actor, action, subject, details, address }: AuditEntry): TemplateResult {
    const words = this.#words;
    const who = actor.name || words.system;
    const where = address ? ` · ${words.from(address)}` : "";
    return html`<li>
      <div class="what">
        <strong>${words.actions[action] ?? action}</strong>
        <span class="muted">#${seq} · <time datetime=${at}>${moment(at, this.language)}</time>${where}</span>
        ${
          Object.keys(details).length
            ? html`<details><summary>${words.details}</summary>
                <pre>${JSON.stringify(details, null, 2)}</pre></details>`
            : nothing
        }
      </div>
      <div class="row">
        ${
          actor.id
            ? html`<button @click=${() => this.#choose({ actor: { value: actor.id as string, name: who } })}
                aria-label=${`${words.by}: ${who}`}>${who}</button>`
            : html`<span>${who}</span>`
        }
        ${
          subject
            ? html`<button class="quiet" aria-label=${`${words.about}: ${short(subject)}`}
                @click=${() => this.#choose({ subject: { value: subject, name: short(subject) } })}>${short(subject)}</button>`
            : nothing
        }
      </div>
    </li>`;
  }

  #verify = (): Promise<boolean> =>
    this.attempt(async () => {
      this.verdict = await this.api.get<AuditVerdict>(AT.verify);
    });
}

/** The last part of an id is enough to tell two apart on a screen. */
function short(subject: string): string {
  return subject.length > 20 ? `…${subject.slice(-6)}` : subject;
}
