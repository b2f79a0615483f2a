/** `<narthex-concern>`: tell the pastors that something was not right; who was in the conversation does not read it. */

import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { ConcernTold, NewConcern } from "../core/generated";
import { HttpError } from "../core/http";
import { Once } from "../core/once";
import type { Visitor } from "../core/visitor";
import type { Speech } from "./speech";

const REASONS = ["unsafe", "unkind", "private", "other"] as const;
const MOST = 2_000;

/** Fired when what was told speaks of a great need: helplines of this kind are to be shown. */
export class InNeed extends Event {
  constructor(readonly kind: string) {
    super("in-need", { bubbles: true });
  }
}

export class NarthexConcern extends LitElement {
  static override properties = {
    speech: { attribute: false },
    session: {},
    note: { state: true },
    busy: { state: true },
    sent: { state: true },
    problem: { state: true },
  };

  declare visitor: Visitor;
  declare speech: Speech;
  declare session: string;
  /** What is being written; it stays when it could not be sent. */
  declare note: string;
  declare busy: boolean;
  declare sent: boolean;
  declare problem: string;
  readonly #once = new Once();

  constructor() {
    super();
    this.session = "";
    this.note = "";
    this.busy = false;
    this.sent = false;
    this.problem = "";
  }

  protected override createRenderRoot(): this {
    return this;
  }

  protected override render(): TemplateResult {
    const { say } = this.speech;
    const over = [...this.note].length - MOST;
    if (this.sent) return html`<p class="notice" role="status">${say("concernSent")}</p>`;
    return html`<details class="concern"><summary>${say("concern")}</summary>
      <form @submit=${this.#tell}>
        <p class="why">${say("concernWhy", { church: this.visitor.page.church.name })}</p>
        <fieldset><legend>${say("concernWhat")}</legend>${REASONS.map(
          (reason) => html`<label class="check"><input type="radio" name="reason" value=${reason} required />
            <span>${say(`concern_${reason}`)}</span></label>`,
        )}</fieldset>
        <label for="concern-note">${say("concernNote")}</label>
        <textarea id="concern-note" name="note" rows="3" dir="auto" .value=${this.note}
          aria-invalid=${over > 0 ? "true" : nothing} @input=${(event: Event) => {
            this.note = (event.target as HTMLTextAreaElement).value;
          }}></textarea>
        ${over > 0 ? html`<p class="alert">${say("tooLong", { count: over })}</p>` : nothing}
        ${this.problem ? html`<p class="alert" role="alert">${this.problem}</p>` : nothing}
        <button class="secondary" ?disabled=${this.busy || over > 0}>${say("concernSend")}</button>
      </form></details>`;
  }

  #tell = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (this.busy) return;
    const reason = new FormData(event.target as HTMLFormElement).get("reason") as NewConcern["reason"];
    this.busy = true;
    this.problem = "";
    try {
      const concern = { session: this.session, reason, note: this.note };
      const { http } = this.visitor;
      const told = await this.#once.do(
        http.send<ConcernTold>("POST", "/care/concerns", concern, this.#once.of(concern)),
      );
      this.sent = true;
      if (told?.card) this.dispatchEvent(new InNeed(told.card));
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.problem = this.speech.error(error.code);
    } finally {
      this.busy = false;
    }
  };
}
