/** `<narthex-replies>`: what stands below a request, and taking it down. */

import { html, nothing, type TemplateResult } from "lit";
import type { StandingReply } from "../../core/generated";
import { ApiError, AT } from "../api";
import { ConsoleForm } from "../form";
import { moment } from "../time";
import { alert, notice } from "../view";
import { prayerWords } from "../words/prayers";

/** What says that somebody else was faster. */
const GONE = ["already_decided", "no_such_reply"];

/** Fired when something was taken down: a testimony stands in the request itself. */
export class TakenDown extends Event {
  constructor() {
    super("taken-down");
  }
}

export class NarthexReplies extends ConsoleForm {
  static override properties = {
    ...ConsoleForm.properties,
    request: {},
    replies: { state: true },
    asking: { state: true },
  };

  /** The id of the request. */
  declare request: string;
  declare replies: readonly StandingReply[];
  /** The id of the reply whose taking down is asked about once more. */
  declare asking: string;
  readonly #words = prayerWords[this.language];

  constructor() {
    super();
    this.replies = [];
    this.asking = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.attempt(this.#read);
  }

  #read = async (): Promise<void> => {
    this.replies = await this.api.get<StandingReply[]>(`${AT.prayer(this.request)}/replies`);
  };

  protected override why(error: unknown): string {
    const known = error instanceof ApiError ? this.#words.codes[error.code] : undefined;
    return known ?? super.why(error);
  }

  protected override render(): TemplateResult {
    const words = this.#words;
    return html`${this.replies.length ? html`<h3>${words.below}</h3>` : nothing}
      ${notice(this.done)} ${alert(this.error)}
      ${this.replies.length ? html`<ul class="reasons">${this.replies.map(this.#reply)}</ul>` : nothing}`;
  }

  #reply = ({ id, kind, body, name, at }: StandingReply): TemplateResult => {
    const words = this.#words;
    const open = this.asking === id;
    return html`<li><span>${words.belowKinds[kind]}</span>
      <span class="muted"><bdi>${name || words.nobody}</bdi> · ${moment(at, this.language)}</span>
      <p class="note" id=${`below-${id}`} dir="auto">${body}</p>
      <button class="danger" data-id=${id} aria-expanded=${open} aria-describedby=${`below-${id}`}
        @click=${() => this.#ask(open ? "" : id)}>${words.takeDown}</button>
      ${
        open
          ? html`<div class="ask"><p>${words.takeDownSure}</p>
              <div class="row"><button class="danger" ?disabled=${this.busy} @click=${() => this.#takeDown(id)}>${words.takeDownGo}</button>
                <button @click=${() => this.#ask("")}>${words.takeDownNot}</button></div></div>`
          : nothing
      }</li>`;
  };

  #ask(id: string): void {
    const before = this.asking;
    this.asking = id;
    void this.focusOn(id ? ".ask button" : `[data-id="${CSS.escape(before)}"]`);
  }

  async #takeDown(id: string): Promise<void> {
    const work = async () => {
      try {
        await this.api.send("DELETE", AT.prayerReply(id));
      } catch (error) {
        if (!(error instanceof ApiError) || !GONE.includes(error.code)) throw error;
      }
      await this.#read();
    };
    if (!(await this.attempt(work, this.#words.takenDown))) return;
    this.asking = "";
    this.dispatchEvent(new TakenDown());
  }
}
