/** `<narthex-waiting>`: one case with its words, and what can be decided about it, each act with its key. */

import { html, nothing, type TemplateResult } from "lit";
import type { CaseShown, Decide, Editing, TeamRequest } from "../../core/generated";
import type { ConsoleApi } from "../api";
import { choices, TEAM_CATEGORIES, VISIBILITIES } from "../prayers/choices";
import { moment } from "../time";
import { ConsoleElement } from "../view";
import { takenBy } from "../watch/cases";
import { prayerWords } from "../words/prayers";
import { queueWords } from "../words/queue";
import { hands, kindOf, weightOf } from "./list";
import type { NarthexWording } from "./wording";
import { publicWords } from "./wording";

/** What is done with a case: a verdict, or to go to who waits. */
export type Step = Decide["verdict"] | "go";

/** Fired with what shall be done, and the wording when it was changed. */
export class Decided extends Event {
  constructor(
    readonly step: Step,
    readonly wording?: string,
  ) {
    super("decided");
  }
}

/** Fired with what shall be different about the request itself. */
export class Edited extends Event {
  constructor(readonly change: Omit<Editing, "version">) {
    super("edited");
  }
}

interface Choice {
  readonly key: string;
  readonly label: string;
  readonly step: Step;
  readonly look: "strong" | "danger" | "";
}

export class NarthexWaiting extends ConsoleElement {
  static override properties = {
    api: { attribute: false },
    shown: { attribute: false },
    me: {},
    busy: { type: Boolean },
  };

  declare api: ConsoleApi;
  declare shown: CaseShown;
  declare me: string;
  declare busy: boolean;
  readonly #words = queueWords[this.language];

  constructor() {
    super();
    this.me = "";
    this.busy = false;
  }

  protected override render(): TemplateResult {
    const { shown } = this;
    const words = this.#words;
    const other = takenBy(shown, this.me);
    return html`
      <h2 class="byline case-title" tabindex="-1">${kindOf(shown, words)} ${weightOf(shown, words)}</h2>
      <p class="muted">${moment(shown.opened_at, this.language)}</p>
      ${hands(shown, { words, me: this.me })} ${this.#why()} ${this.#about(other !== "")}
      ${other ? html`<p class="notice">${words.locked(other)}</p>` : nothing}
      <div class="acts decide" role="group" aria-label=${words.acts}>${this.#choices().map(
        ({ key, label, step, look }) => html`<button class=${look} ?disabled=${this.busy || other !== ""}
          aria-keyshortcuts=${key} data-step=${step} @click=${() => this.#go(step)}>${label}
          <kbd>${key.toUpperCase()}</kbd></button>`,
      )}</div>
    `;
  }

  /** Do what a key stands for; return whether it stands for anything. */
  press(key: string): boolean {
    if (key === "e") return this.#focus("#wording");
    const choice = this.#choices().find((one) => one.key === key);
    if (!choice) return false;
    if (!this.busy && !takenBy(this.shown, this.me)) this.#go(choice.step);
    return true;
  }

  #focus(selector: string): boolean {
    const box = this.querySelector<HTMLElement>(selector);
    box?.focus();
    return box !== null;
  }

  #go(step: Step): void {
    const wording = this.querySelector<NarthexWording>("narthex-wording")?.changed;
    this.dispatchEvent(new Decided(step, step === "approve" ? wording : undefined));
  }

  #choices(): Choice[] {
    const { kind, team, reason } = this.shown;
    const words = this.#words;
    const say = (key: string, step: Exclude<Step, "go">, look: Choice["look"]): Choice => ({
      key,
      step,
      look,
      label: words[step],
    });
    if (kind === "care")
      return [{ key: "a", step: "go", label: reason === "second" ? words.join : words.go, look: "strong" }];
    if (kind === "concern") return [{ ...say("a", "keep", "strong"), label: words.seen }];
    if (kind === "flag" || kind === "report")
      return [say("a", "keep", "strong"), say("d", "remove", "danger")];
    const both = [say("a", "approve", "strong"), say("d", "decline", "danger")];
    return kind === "prayer" && team !== "pastors" ? [...both, say("p", "pastor", "")] : both;
  }

  #why(): TemplateResult | typeof nothing {
    const { reason, crisis, kind } = this.shown;
    const words = this.#words;
    if (crisis) return html`<p class="alert">${words.need(words.needs[crisis] ?? crisis)}</p>`;
    if (!reason || kind === "report" || kind === "care") return nothing;
    return html`<p><span class="muted">${words.reason}:</span> ${words.reasons[reason] ?? reason}</p>`;
  }

  #about(locked: boolean): TemplateResult | typeof nothing {
    const { request, reply, message, care, kind, subject, subject_version } = this.shown;
    if (kind === "concern")
      return html`<narthex-concern .api=${this.api} concern=${subject} version=${subject_version}></narthex-concern>`;
    if (request) return kind === "flag" ? this.#flagged(request) : this.#prayer(request, locked);
    if (reply) return this.#reply();
    if (message) return this.#message();
    return care ? this.#care() : nothing;
  }

  #said(text: string): TemplateResult {
    return html`<p class="words" dir="auto">${text}</p>`;
  }

  #from(name: string | undefined): TemplateResult {
    const words = this.#words;
    return html`<p><span class="muted">${words.name}:</span> <bdi>${name || words.nobody}</bdi></p>`;
  }

  #prayer(request: TeamRequest, locked: boolean): TemplateResult {
    const words = this.#words;
    const say = prayerWords[this.language];
    const edit = (change: Omit<Editing, "version">) => this.dispatchEvent(new Edited(change));
    const off = locked || this.busy;
    return html`
      ${this.#from(request.name)}
      <h3>${words.own}</h3>
      ${this.#said(request.body)}
      <narthex-wording .request=${request} .locked=${locked}></narthex-wording>
      <div class="row three">
        ${choices("visibility", say.visibility, VISIBILITIES, say.visibilities, request.visibility, off, (visibility) => edit({ visibility }))}
        ${choices("category", say.category, TEAM_CATEGORIES, say.categories, request.category, off, (category) => edit({ category }))}
        <label class="check"><input type="checkbox" .checked=${request.urgent ?? false} ?disabled=${off}
          @change=${(event: Event) => edit({ urgent: (event.target as HTMLInputElement).checked })} />${say.urgent}</label>
      </div>
      ${request.for_whom === "other" ? html`<p class="hint">${say.forOther}</p>` : nothing}
    `;
  }

  #flagged(request: TeamRequest): TemplateResult {
    const words = this.#words;
    const { flags = [] } = this.shown;
    return html`
      ${this.#from(request.name)} ${this.#said(publicWords(request))}
      <h3>${words.flags(flags.length)}</h3>
      <ul class="reasons">${flags.map(
        ({ reason, note, team }) => html`<li>${words.reasons[reason] ?? reason}
          <span class="muted">${team ? words.byTeam : words.byVisitor}</span>
          ${note ? html`<p class="note" dir="auto">${note}</p>` : nothing}</li>`,
      )}</ul>
    `;
  }

  #reply(): TemplateResult | typeof nothing {
    const { reply } = this.shown;
    const words = this.#words;
    if (!reply) return nothing;
    return html`
      <p class="muted">${words.replies[reply.kind]}</p>
      ${this.#from(reply.name)} ${this.#said(reply.body)}
      <h3>${words.below}</h3>
      <p class="note" dir="auto">${reply.below}</p>
    `;
  }

  #message(): TemplateResult | typeof nothing {
    const { message, room, reports = [] } = this.shown;
    const words = this.#words;
    if (!message) return nothing;
    return html`
      ${room ? html`<p class="muted">${words.room(room)}</p>` : nothing}
      ${this.#from(message.author?.name)} ${this.#said(message.body ?? "")}
      ${
        reports.length
          ? html`<h3>${words.reports(reports.length)}</h3>
            <ul class="reasons">${reports.map(
              ({ reason, note }) => html`<li>${words.reasons[reason] ?? reason}
                ${note ? html`<p class="note" dir="auto">${note}</p>` : nothing}</li>`,
            )}</ul>`
          : nothing
      }
    `;
  }

  #care(): TemplateResult | typeof nothing {
    const { care } = this.shown;
    const words = this.#words;
    if (!care) return nothing;
    return html`
      ${this.#from(care.name)}
      <p><span class="muted">${words.language}:</span> ${words.languages[care.language] ?? care.language}</p>
      ${care.minor ? html`<p><span class="reason">${words.minor}</span></p>` : nothing}
      ${care.topic ? this.#said(care.topic) : nothing}
    `;
  }
}
