/** `<narthex-task>`: note something to be done, after a conversation, a request, or by itself. */

import { html, type TemplateResult } from "lit";
import type { NewTask, TaskShown, WorkerShown } from "../../core/generated";
import { AT } from "../api";
import { field, typed } from "../field";
import { ConsoleForm } from "../form";
import { alert, notice } from "../view";
import { careWords } from "../words/care";

/** Fired with a task that was noted. */
export class Noted extends Event {
  constructor(readonly task: TaskShown) {
    super("noted");
  }
}

export class NarthexTask extends ConsoleForm {
  static override properties = {
    ...ConsoleForm.properties,
    people: { attribute: false },
    me: {},
    session: {},
    request: {},
  };

  declare people: readonly WorkerShown[];
  declare me: string;
  /** The conversation or the request that it comes after. */
  declare session: string;
  declare request: string;
  readonly #words = careWords[this.language];

  constructor() {
    super();
    this.people = [];
    this.me = "";
    this.session = "";
    this.request = "";
  }

  protected override render(): TemplateResult {
    const words = this.#words;
    const { wrong } = this;
    const able = this.people.filter(({ id, teams }) => id !== this.me && teams.includes("care"));
    return html`${notice(this.done)} ${alert(this.error)}
      <form class="new-task" @submit=${this.#add}>
        ${field({ name: "title", label: words.taskTitle, most: 200, error: wrong.title })}
        ${field({ name: "note", label: words.taskNote, most: 1000, required: false, error: wrong.note })}
        <div class="row three">
          <div>${field({ name: "due", label: words.taskDue, type: "date", required: false, error: wrong.due_on })}</div>
          <div>
            <label for="for">${words.taskFor}</label>
            <select id="for" name="for">
              <option value="">${words.anybody}</option>
              <option value=${this.me}>${words.me}</option>
              ${able.map(({ id, name }) => html`<option value=${id}>${name}</option>`)}
            </select>
          </div>
        </div>
        <button class="strong" ?disabled=${this.busy}>${words.taskAdd}</button>
      </form>`;
  }

  #add = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const task: NewTask = {
      title: typed(form, "title"),
      note: typed(form, "note"),
      due_on: typed(form, "due") || null,
      assigned_to: typed(form, "for") || null,
      session: this.session || null,
      request: this.request || null,
    };
    await this.attempt(async () => {
      const noted = await this.api.send<TaskShown>("POST", AT.tasks, task);
      form.reset();
      this.dispatchEvent(new Noted(noted));
    }, this.#words.taskAdded);
  };
}
