/** `<narthex-rota>`: who prays with people and who leads, week by week; leaders plan it. */

import { html, nothing, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import type { RotaPlan, ShiftShown, WorkerShown } from "../../core/generated";
import { AT, type Session } from "../api";
import { ConsoleForm } from "../form";
import { clock } from "../time";
import type { Offer } from "../undo";
import { alert, bones, notice } from "../view";
import { homeWords } from "../words/home";
import { rotaWords } from "../words/rota";
import type { Planned } from "./shift";
import { daysFrom, first, monday, on, weekOf } from "./weeks";

const PLANNERS = ["owner", "admin", "pastor"];
const LONGEST_MS = 60 * 86_400_000; // the server shows about two months at once

export class NarthexRota extends ConsoleForm {
  static override properties = {
    ...ConsoleForm.properties,
    session: { attribute: false },
    week: { state: true },
    shifts: { state: true },
    people: { state: true },
    editing: { state: true },
    offer: { state: true },
  };

  declare session: Session;
  /** Weeks from now. */
  declare week: number;
  declare shifts: readonly ShiftShown[] | null;
  declare people: readonly WorkerShown[];
  /** The shift in the form; null plans a new one. */
  declare editing: ShiftShown | null;
  declare offer: Offer | null;
  #formNumber = 0;
  readonly #words = rotaWords[this.language];

  constructor() {
    super();
    this.week = 0;
    this.shifts = null;
    this.people = [];
    this.editing = null;
    this.offer = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  get #plans(): boolean {
    return PLANNERS.some((role) => this.session.person.roles.includes(role));
  }

  #between(since: Date, until: Date): Promise<ShiftShown[]> {
    return this.api.get<ShiftShown[]>(AT.shifts, {
      since: since.toISOString(),
      until: until.toISOString(),
    });
  }

  #load = (): Promise<boolean> =>
    this.look(
      () => {
        const unknown = this.#plans && !this.people.length;
        return Promise.all([
          this.#between(monday(Date.now(), this.week), monday(Date.now(), this.week + 1)),
          unknown ? this.api.get<WorkerShown[]>(AT.workers) : this.people,
        ]);
      },
      ([shifts, people]) => {
        [this.shifts, this.people] = [shifts, people];
      },
    );

  protected override render(): TemplateResult {
    const words = this.#words;
    const { editing } = this;
    return html`
      <h1 tabindex="-1">${words.title}</h1>
      ${notice(this.done)} ${alert(this.error)} ${this.#weeks()}
      ${this.shifts ? this.#grid(this.shifts) : this.#missing()}
      ${
        this.#plans && this.people.length
          ? keyed(
              `${editing?.id} ${this.#formNumber}`,
              html`<narthex-shift class="card-like" .api=${this.api} .shift=${editing} .people=${this.people}
                @submit=${this.#begun} @planned=${this.#planned} @left=${() => this.#edit(null)}></narthex-shift>`,
            )
          : nothing
      }
      <narthex-undo .offer=${this.offer}></narthex-undo>
    `;
  }

  #weeks(): TemplateResult {
    const words = this.#words;
    const [from, to] = [monday(Date.now(), this.week), daysFrom(monday(Date.now(), this.week))[6] as Date];
    const format = new Intl.DateTimeFormat(this.language, { dateStyle: "medium" });
    const go = (week: number) => () => {
      this.week = week;
      this.shifts = null;
      void this.#load();
    };
    return html`<div class="row weeks">
      <button @click=${go(this.week - 1)}>${words.before}</button>
      <button aria-pressed=${this.week === 0} @click=${go(0)}>${words.now}</button>
      <button @click=${go(this.week + 1)}>${words.after}</button>
      <strong role="status">${format.formatRange(from, to)}</strong>
    </div>`;
  }

  #missing(): TemplateResult {
    return this.error
      ? html`<button @click=${this.#load}>${homeWords[this.language].again}</button>`
      : bones(this.say.loading);
  }

  #grid(shifts: readonly ShiftShown[]): TemplateResult {
    const words = this.#words;
    const days = daysFrom(monday(Date.now(), this.week));
    const name = new Intl.DateTimeFormat(this.language, { weekday: "long", day: "numeric", month: "short" });
    const today = new Date().toDateString();
    return html`
      ${shifts.length ? nothing : html`<p class="empty">${this.#plans ? words.emptyPlan : words.empty}</p>`}
      <div class="week-grid">${days.slice(0, -1).map((day, at) => {
        const here = on(shifts, day, days[at + 1] as Date);
        const now = day.toDateString() === today;
        return html`<section class=${here.length ? "day" : "day free"} aria-label=${name.format(day)}>
          <h2>${name.format(day)}${now ? html` <span class="badge">${words.today}</span>` : nothing}</h2>
          ${
            here.length
              ? html`<ul>${here.map((shift) => this.#shift(shift))}</ul>`
              : html`<p class="hint">${words.nobody}</p>`
          }
        </section>`;
      })}</div>`;
  }

  #shift(shift: ShiftShown): TemplateResult {
    const words = this.#words;
    const when = `${clock(shift.starts_at, this.language)} – ${clock(shift.ends_at, this.language)}`;
    return html`<li class=${shift.duty}>
      <strong dir="auto">${shift.name}</strong>
      <span>${when}</span>
      <span class="badges"><span class="badge">${words.duties[shift.duty]}</span>
        ${shift.weekly ? html`<span class="badge">${words.everyWeek}</span>` : nothing}
        ${shift.languages.length ? html`<span class="badge">${shift.languages.join(", ")}</span>` : nothing}</span>
      ${
        this.#plans
          ? html`<span class="row">
            <button aria-label=${`${words.edit}: ${shift.name}, ${when}`} ?disabled=${this.busy} @click=${() => this.#edit(shift)}>${words.edit}</button>
            <button class="quiet" aria-label=${`${words.remove}: ${shift.name}, ${when}`} ?disabled=${this.busy}
              @click=${() => this.#remove(shift)}>${words.remove}</button></span>`
          : nothing
      }
    </li>`;
  }

  #edit(shift: ShiftShown | null): void {
    this.editing = shift;
    this.#formNumber += 1;
    if (shift) void this.focusOn("narthex-shift").then(() => this.focusOn("#person"));
  }

  /** A weekly shift is removed whole, whichever week is on the screen; taken back it begins with its next time. */
  async #whole(shift: ShiftShown): Promise<ShiftShown> {
    const [now, then] = [Date.now(), Date.parse(shift.starts_at)];
    if (!shift.weekly || then < now || then - now > LONGEST_MS) return shift;
    return first(shift, await this.#between(new Date(now), new Date(then + 1)));
  }

  #begun = (): void => {
    this.done = "";
  };

  /** Show the week in which it is. */
  #planned = async ({ starts }: Planned): Promise<void> => {
    this.done = this.#words.saved;
    this.week = weekOf(Date.now(), starts);
    this.#edit(null);
    await this.#load();
  };

  async #remove(shift: ShiftShown): Promise<void> {
    const done = await this.attempt(async () => {
      const { person, duty, starts_at, ends_at, zone, weekly, until, languages } = await this.#whole(shift);
      await this.api.send("DELETE", AT.shift(shift.id));
      const plan: RotaPlan = { person, duty, starts_at, ends_at, zone, weekly, until, languages };
      const undo = async () => {
        await this.api.send("POST", AT.shifts, plan);
        await this.#load();
      };
      const words = this.#words;
      this.offer = { text: (weekly ? words.removedWeekly : words.removed)(shift.name), undo };
    });
    if (!done) return;
    if (this.editing?.id === shift.id) this.#edit(null);
    await this.#load();
  }
}
