/** `<narthex-concern>`: what somebody told about one-to-one prayer, read by itself and only by whom it is not about. */

import { html, type TemplateResult } from "lit";
import type { ConcernShown } from "../../core/generated";
import { ApiError, AT } from "../api";
import { ConsoleForm } from "../form";
import { alert } from "../view";
import { queueWords } from "../words/queue";

export class NarthexConcern extends ConsoleForm {
  static override properties = {
    ...ConsoleForm.properties,
    concern: {},
    version: { type: Number },
    told: { state: true },
  };

  declare concern: string;
  /** Of what was told; when more is told it has to be read again. */
  declare version: number;
  declare told: ConcernShown | null;
  readonly #words = queueWords[this.language];

  constructor() {
    super();
    this.concern = "";
    this.version = 0;
    this.told = null;
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("concern") || changed.has("version")) this.told = null;
  }

  protected override why(error: unknown): string {
    return error instanceof ApiError && error.code === "about_you"
      ? this.#words.concern.about_you
      : super.why(error);
  }

  protected override render(): TemplateResult {
    const { told } = this;
    const words = this.#words;
    const say = words.concern;
    if (!told)
      return html`<p class="hint">${say.hint}</p>${alert(this.error)}
        <p><button ?disabled=${this.busy} @click=${this.#read}>${say.read}</button></p>`;
    return html`
      <p class="told" tabindex="-1"><span class="muted">${say.by}:</span> <bdi>${told.by || words.nobody}</bdi></p>
      <p><span class="muted">${say.about}:</span> <bdi>${told.about.filter(Boolean).join(", ") || words.nobody}</bdi></p>
      <p><span class="muted">${say.what}:</span> ${words.reasons[told.reason] ?? told.reason}</p>
      ${told.note ? html`<p class="words" dir="auto">${told.note}</p>` : html`<p class="hint">${say.none}</p>`}
    `;
  }

  #read = async (): Promise<void> => {
    const id = this.concern;
    await this.attempt(async () => {
      const told = await this.api.get<ConcernShown>(AT.concern(id));
      if (id === this.concern) this.told = told;
    });
    if (this.told) await this.focusOn(".told"); // the button is gone
  };
}
