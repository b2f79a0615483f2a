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
    drafts: { attribute: false },
    notes: { state: true },
  };

  /** The case they stand below. */
  declare case: string;
  /** How many there are; when it changes they are read again. */
  declare count: number;
  /** What was begun below each case and is not sent; whoever shows this keeps it. */
  declare drafts: Map<string, string>;
  declare notes: readonly NoteShown[] | null;
  readonly #words = queueWords[this.language];

  constructor() {
    super();
    this.case = "";
    this.count = 0;
    this.drafts = new Map();
    this.notes = null;
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("case")) {
      this.notes = null;
      this.error = "";
    }
    if (changed.has("case") || changed.has("count")) void this.#load(this.case);
  }

  /** The box is the same one below every case: what stands in it is of this case. */
  protected override updated(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("case")) this.#box.value = this.drafts.get(this.case) ?? "";
  }

  #keep = (): void => {
    const { value } = this.#box;
    if (value.trim()) this.drafts.set(this.case, value);
    else this.drafts.delete(this.case);
  };

  async #load(id: string): Promise<void> {
    if (!this.count) {
      this.notes = [];
      return;
    }
    try {
      const notes = await this.api.get<NoteShown[]>(`${AT.case(id)}/notes`);
      if (id === this.case) this.notes = notes;
    } catch (error) {
      const why = this.why(error);
      if (id === this.case) this.error = why;
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
        <textarea id="note" name="note" rows="2" maxlength="1000" required @input=${this.#keep}></textarea>
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
    this.#keep();
    box.focus();
  };

  #add = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const id = this.case; // another case may be open when the answer comes
    const written = this.#box.value;
    const body = written.trim();
    if (!body) return;
    this.#keep();
    await this.attempt(async () => {
      const note = await this.api.send<NoteShown>("POST", `${AT.case(id)}/notes`, { body });
      if (this.drafts.get(id) === written) this.drafts.delete(id); // else more was written meanwhile
      if (id !== this.case) return;
      const known = this.notes?.filter((one) => one.id !== note.id) ?? [];
      this.notes = [...known, note];
      this.#box.value = this.drafts.get(id) ?? "";
    });
    if (id !== this.case) this.error = ""; // it was said about another case; its words are kept there
  };
}
