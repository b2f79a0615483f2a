/** `<narthex-tasks>`: what is to be done, and what was done. */

import { html, nothing, type TemplateResult } from "lit";
import type { TaskShown, WorkerShown } from "../../core/generated";
import { AT } from "../api";
import { ConsoleForm } from "../form";
import type { Offer } from "../undo";
import { alert, bones } from "../view";
import { careWords } from "../words/care";
import { homeWords } from "../words/home";

export class NarthexTasks extends ConsoleForm {
  static override properties = {
    ...ConsoleForm.properties,
    people: { attribute: false },
    me: {},
    tasks: { state: true },
    next: { state: true },
    shows: { state: true },
    mine: { state: true },
    offer: { state: true },
  };

  declare people: readonly WorkerShown[];
  declare me: string;
  declare tasks: readonly TaskShown[] | null;
  declare next: string | null;
  declare shows: "open" | "done";
  declare mine: boolean;
  declare offer: Offer | null;
  readonly #words = careWords[this.language];

  constructor() {
    super();
    this.people = [];
    this.me = "";
    this.tasks = null;
    this.next = null;
    this.shows = "open";
    this.mine = false;
    this.offer = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load(null);
  }

  #load = (after: string | null): Promise<boolean> =>
    this.look(
      () =>
        this.api.get<{ items: TaskShown[]; next: string | null }>(AT.tasks, {
          done: String(this.shows === "done"),
          mine: String(this.mine),
          after: after ?? undefined,
        }),
      ({ items, next }) => {
        this.tasks = [...(after ? (this.tasks ?? []) : []), ...items];
        this.next = next;
      },
    );

  protected override render(): TemplateResult {
    const words = this.#words;
    return html`
      ${this.#filter()} ${alert(this.error)}
      <div class="columns">
        <div>${this.tasks ? this.#list(this.tasks) : this.#missing()}</div>
        <narthex-task class="card-like" .api=${this.api} .people=${this.people} .me=${this.me}
          @noted=${() => this.#load(null)}></narthex-task>
      </div>
      <narthex-undo .offer=${this.offer} aria-label=${words.tabs.tasks}></narthex-undo>
    `;
  }

  #filter(): TemplateResult {
    const words = this.#words;
    const one = (shows: "open" | "done") => html`<label class="check"><input type="radio" name="shows"
      .checked=${this.shows === shows} @change=${() => {
        this.shows = shows;
        this.tasks = null;
        void this.#load(null);
      }} />${words[shows]}</label>`;
    return html`<fieldset class="inline"><legend class="hidden">${words.tabs.tasks}</legend>
      ${one("open")} ${one("done")}
      <label class="check"><input type="checkbox" .checked=${this.mine} @change=${(event: Event) => {
        this.mine = (event.target as HTMLInputElement).checked;
        this.next = null; // of the other list
        void this.#load(null);
      }} />${words.onlyMine}</label></fieldset>`;
  }

  #missing(): TemplateResult {
    return this.error
      ? html`<button @click=${() => this.#load(null)}>${homeWords[this.language].again}</button>`
      : bones(this.say.loading);
  }

  #list(tasks: readonly TaskShown[]): TemplateResult {
    const words = this.#words;
    if (!tasks.length)
      return html`<p class="empty">${this.shows === "open" ? words.noTasks : words.noDone}</p>`;
    return html`<ul class="list">${tasks.map((task) => this.#one(task))}</ul>
      ${
        this.next
          ? html`<button ?disabled=${this.busy} @click=${() => this.#load(this.next)}>${homeWords[this.language].more}</button>`
          : nothing
      }`;
  }

  #one(task: TaskShown): TemplateResult {
    const words = this.#words;
    const about = [
      task.assigned_name && words.by(task.assigned_name),
      task.due_on && words.due(day(task.due_on, this.language)),
      task.done_by && words.doneBy(task.done_by),
    ].filter(Boolean);
    const act = task.done ? words.untick : words.tick;
    return html`<li>
      <div class="what"><strong dir="auto">${task.title}</strong>
        ${task.note ? html`<span dir="auto">${task.note}</span>` : nothing}
        ${about.length ? html`<span class="muted">${about.join(" · ")}</span>` : nothing}</div>
      <button ?disabled=${this.busy} aria-label=${`${act}: ${task.title}`} @click=${() => this.#tick(task)}>${act}</button>
    </li>`;
  }

  async #tick({ id, done, title }: TaskShown): Promise<void> {
    const [forth, back] = done ? (["DELETE", "POST"] as const) : (["POST", "DELETE"] as const);
    if (!(await this.attempt(() => this.api.send(forth, AT.taskDone(id))))) return;
    const undo = async () => {
      await this.api.send(back, AT.taskDone(id));
      await this.#load(null);
    };
    if (!done) this.offer = { text: this.#words.ticked(title), undo };
    await this.#load(null);
  }
}

/** Say a calendar day, which lies in no zone. */
export function day(date: string, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(date));
}
