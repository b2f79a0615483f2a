/** `<narthex-notes>`: what the team remarks below a case, for nobody else to see. */

import { html, nothing, type TemplateResult } from "lit";
import type { NoteShown } from "../../core/generated";
import { AT } from "../api";
import { ConsoleForm } from "../form";
import { moment } from "../time";
import { alert } from "../view";
import { queueWords } from "../words/queue";
import type { Picked } from "./picker";

export class NarthexNotes extends ConsoleForm {
  static override properties = {
    ...ConsoleForm.properties,
    case: {},
    count: { type: Number },
    notes: { state: true },
  };

  /** The case they stand below. */
  declare case: string;
  /** How many there are; when it changes they are read again. */
  declare count: number;
  declare notes: readonly NoteShown[] | null;
  readonly #words = queueWords[this.language];

  constructor() {
    super();
    this.case = "";
    this.count = 0;
    this.notes = null;
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("case")) this.notes = null;
    if (changed.has("case") || changed.has("count")) void this.#load(this.case);
  }

  async #load(id: string): Promise<void> {
    if (!this.count) {
      this.notes = [];
      return;
    }
    try {
      const notes = await this.api.get<NoteShown[]>(`${AT.case(id)}/notes`);
      if (id === this.case) this.notes = notes;
    } catch (error) {
      this.error = this.why(error);
    }
  }

  /** Write: put the focus into the box, or onto the saved replies. */
  write(saved = false): void {
    this.querySelector<HTMLElement>(saved ? "narthex-picker select" : "#note")?.focus();
  }

  protected override render(): TemplateResult {
    const words = this.#words;
    return html`
      <h3>${words.notes}</h3>
      ${alert(this.error)}
      ${
        this.notes?.length
          ? html`<ul class="reasons notes">${this.notes.map(
              ({ body, name, at }) => html`<li><p dir="auto">${body}</p>
                <span class="muted">${name} · ${moment(at, this.language)}</span></li>`,
            )}</ul>`
          : this.notes
            ? html`<p class="hint">${words.noNotes}</p>`
            : nothing
      }
      <form @submit=${this.#add}>
        <label for="note">${words.note} <kbd>N</kbd></label>
        <textarea id="note" name="note" rows="2" maxlength="1000" required></textarea>
        <div class="row">
          <narthex-picker .api=${this.api} shortcut="R" @picked=${this.#picked}></narthex-picker>
          <button ?disabled=${this.busy}>${words.addNote}</button>
        </div>
      </form>
    `;
  }

  get #box(): HTMLTextAreaElement {
    return this.querySelector("#note") as HTMLTextAreaElement;
  }

  #picked = ({ text }: Picked): void => {
    const box = this.#box;
    box.value = [box.value.trim(), text].filter(Boolean).join("\n");
    box.focus();
  };

  #add = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const body = this.#box.value.trim();
    if (!body) return;
    await this.attempt(async () => {
      const note = await this.api.send<NoteShown>("POST", `${AT.case(this.case)}/notes`, { body });
      const known = this.notes?.filter(({ id }) => id !== note.id) ?? [];
      this.notes = [...known, note];
      this.#box.value = "";
    });
  };
}
