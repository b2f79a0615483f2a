/** `<narthex-shift>`: the form that plans a shift or changes one. */

import { html, nothing, type TemplateResult } from "lit";
import type { RotaPlan, ShiftShown, WorkerShown } from "../../core/generated";
import { ApiError, AT } from "../api";
import { field, typed } from "../field";
import { ConsoleForm } from "../form";
import { instantOf, later, ownZone, wallOf } from "../gatherings/zoned";
import { alert } from "../view";
import { homeWords } from "../words/home";
import { queueWords } from "../words/queue";
import { rotaWords } from "../words/rota";

/** Fired when a shift is on the plan; `starts` in milliseconds. */
export class Planned extends Event {
  constructor(readonly starts: number) {
    super("planned");
  }
}

export class NarthexShift extends ConsoleForm {
  static override properties = {
    ...ConsoleForm.properties,
    shift: { attribute: false },
    people: { attribute: false },
    weekly: { state: true },
  };

  /** The one that is changed; null plans a new one. */
  declare shift: ShiftShown | null;
  declare people: readonly WorkerShown[];
  declare weekly: boolean;
  readonly #words = rotaWords[this.language];

  constructor() {
    super();
    this.shift = null;
    this.people = [];
    this.weekly = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.weekly = this.shift?.weekly ?? false;
  }

  protected override why(error: unknown): string {
    const code = error instanceof ApiError ? error.errors[0]?.code : undefined;
    return (code && this.#words.codes[code]) || super.why(error);
  }

  protected override render(): TemplateResult {
    const words = this.#words;
    const { shift } = this;
    const zone = shift?.zone ?? ownZone();
    const starts = wallOf(shift ? Date.parse(shift.starts_at) : Date.now(), zone);
    const ends = shift ? wallOf(Date.parse(shift.ends_at), zone).time : "12:00";
    const wrong = (name: string) => (this.wrong[name] === undefined ? undefined : this.error);
    return html`
      <h2>${shift ? words.change : words.plan}</h2>
      ${alert(this.error)}
      ${shift?.weekly ? html`<p class="hint">${words.fromHere}</p>` : nothing}
      <form @submit=${this.#submit}>
        ${this.#person()} ${this.#duty()}
        ${field({ name: "date", label: words.date, type: "date", value: starts.date })}
        <div class="row three">
          <div>${field({ name: "from", label: words.from, type: "time", value: shift ? starts.time : "10:00", error: wrong("starts_at") })}</div>
          <div>${field({ name: "to", label: words.to, type: "time", value: ends, error: wrong("ends_at") })}</div>
        </div>
        ${field({ name: "zone", label: words.zone, value: zone, most: 64, error: wrong("zone") })}
        <label class="check"><input type="checkbox" name="weekly" .checked=${this.weekly}
          @change=${(event: Event) => {
            this.weekly = (event.target as HTMLInputElement).checked;
          }} />${words.weekly}</label>
        ${
          this.weekly
            ? field({
                name: "until",
                label: words.until,
                type: "date",
                required: false,
                value: shift?.until ?? "",
                error: wrong("until"),
              })
            : nothing
        }
        ${this.#languages()}
        <div class="row">
          <button class="strong" ?disabled=${this.busy}>${shift ? homeWords[this.language].save : words.go}</button>
          ${
            shift
              ? html`<button type="button" @click=${() => this.dispatchEvent(new Event("left"))}>${homeWords[this.language].cancel}</button>`
              : nothing
          }
        </div>
      </form>
    `;
  }

  #person(): TemplateResult {
    const words = this.#words;
    const { shift } = this;
    const able = this.people.filter(({ teams }) => teams.includes("care"));
    const gone = shift && !able.some(({ id }) => id === shift.person);
    return html`<label for="person">${words.person}</label>
      <select id="person" name="person" required>
        ${gone ? html`<option value=${shift.person} selected>${shift.name}</option>` : nothing}
        ${able.map(({ id, name }) => html`<option value=${id} .selected=${id === shift?.person}>${name}</option>`)}
      </select>`;
  }

  #duty(): TemplateResult {
    const words = this.#words;
    const duties = ["prayer", "leader"] as const;
    return html`<label for="duty">${words.duty}</label>
      <select id="duty" name="duty" aria-describedby="duty-hint">${duties.map(
        (one) =>
          html`<option value=${one} .selected=${one === (this.shift?.duty ?? "prayer")}>${words.duties[one]}</option>`,
      )}</select>
      <p class="hint" id="duty-hint">${words.dutyHint}</p>`;
  }

  #languages(): TemplateResult {
    const { languages } = queueWords[this.language];
    const known = this.shift?.languages ?? [];
    return html`<fieldset class="inline"><legend>${this.#words.languages}</legend>
      ${Object.entries(languages).map(
        ([code, name]) => html`<label class="check"><input type="checkbox" name="languages" value=${code}
          .checked=${known.includes(code)} />${name}</label>`,
      )}</fieldset>`;
  }

  #submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const plan = this.#read(event.target as HTMLFormElement);
    const { shift } = this;
    if (!plan) return;
    const done = await this.attempt(() =>
      shift
        ? this.api.send("PUT", AT.shift(shift.id), { ...plan, instead_of: shift.starts_at })
        : this.api.send("POST", AT.shifts, plan),
    );
    if (done) this.dispatchEvent(new Planned(Date.parse(plan.starts_at)));
  };

  /** Read the form; null, with a word at the field, for a zone that no clock knows. */
  #read(form: HTMLFormElement): RotaPlan | null {
    const text = (name: string) => typed(form, name).trim();
    const [zone, date] = [text("zone"), text("date")];
    try {
      const starts = instantOf({ date, time: text("from") }, zone);
      const time = text("to");
      let ends = instantOf({ date, time }, zone);
      if (ends < starts) ends = instantOf({ date: later(date, 1), time }, zone); // a night's watch ends after midnight
      return {
        person: text("person"),
        duty: text("duty") as RotaPlan["duty"],
        starts_at: new Date(starts).toISOString(),
        ends_at: new Date(ends).toISOString(),
        zone,
        weekly: this.weekly,
        until: (this.weekly && text("until")) || null,
        languages: new FormData(form).getAll("languages").map(String),
      };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.error = this.#words.codes.unknown_zone ?? "";
      this.wrong = { zone: this.error };
      void this.focusOn("#zone");
      return null;
    }
  }
}
