/** `<narthex-gathering>`: the form that plans a gathering or changes one. Times are of the gathering's own zone. */

import { html, type TemplateResult } from "lit";
import type { Change, EventsPlan, GatheringShown } from "../../core/generated";
import { ApiError, AT } from "../api";
import { type Field, field, typed } from "../field";
import { ConsoleForm } from "../form";
import { alert } from "../view";
import { gatheringWords } from "../words/gatherings";
import { homeWords } from "../words/home";
import { daysBetween, instantOf, later, ownZone, type Wall, wallOf } from "./zoned";

const DAY_MS = 86_400_000;
const FIELDS = new Set([
  "title",
  "date",
  "starts_at",
  "ends_at",
  "zone",
  "video_url",
  "opens_before",
  "closes_after",
]);

/** Fired when the server took it. */
export class Planned extends Event {
  constructor(
    readonly gathering: GatheringShown,
    readonly isNew: boolean,
  ) {
    super("planned");
  }
}

export class NarthexGathering extends ConsoleForm {
  static override properties = { ...ConsoleForm.properties, gathering: { attribute: false } };

  /** The gathering to change; null plans a new one. */
  declare gathering: GatheringShown | null;
  readonly #words = gatheringWords[this.language];

  constructor() {
    super();
    this.gathering = null;
  }

  protected override why(error: unknown): string {
    const code = error instanceof ApiError ? error.errors[0]?.code : undefined;
    return this.#words.codes[code ?? ""] ?? super.why(error);
  }

  protected override render(): TemplateResult {
    const words = this.#words;
    const { gathering } = this;
    const elsewhere = Object.keys(this.wrong).some((name) => !FIELDS.has(name));
    return html`
      <h2>${gathering ? words.changeTitle(gathering.title) : words.plan}</h2>
      <form @submit=${this.#submit}>
        ${alert(this.error && (elsewhere || !Object.keys(this.wrong).length) ? this.error : "")}
        ${this.#fields().map((box) => field({ ...box, error: this.#wrongAt(box.name) }))}
        <div class="row">
          <button class="strong" ?disabled=${this.busy}>${gathering ? homeWords[this.language].save : words.plan}</button>
          ${
            gathering
              ? html`<button type="button" @click=${() => this.dispatchEvent(new Event("left"))}>
                  ${homeWords[this.language].cancel}
                </button>`
              : ""
          }
        </div>
      </form>
    `;
  }

  #wrongAt(name: string): string | undefined {
    const found = this.wrong[name];
    return found === undefined ? undefined : (this.#words.codes[this.#code ?? ""] ?? found);
  }

  #code: string | undefined;

  #fields(): Field[] {
    const words = this.#words;
    const { gathering } = this;
    const { zone, starts, ends } = this.#stands();
    const days = this.#days();
    return [
      { name: "title", label: words.name, value: gathering?.title ?? "", most: 200 },
      { name: "date", label: words.date, type: "date", value: starts.date },
      { name: "starts_at", label: words.from, type: "time", value: starts.time },
      {
        name: "ends_at",
        label: words.to,
        type: "time",
        value: ends.time,
        ...(days ? { hint: words.daysLater(days) } : {}),
      },
      { name: "zone", label: words.zone, value: zone, hint: words.zoneHint, most: 64 },
      {
        name: "video_url",
        label: words.video,
        type: "url",
        value: gathering?.video_url ?? "",
        hint: words.videoHint,
        required: false,
        most: 500,
      },
      this.#minutes("opens_before", words.opensBefore, gathering?.opens_before),
      this.#minutes("closes_after", words.closesAfter, gathering?.closes_after),
    ];
  }

  #minutes(name: string, label: string, value = 30): Field {
    return { name, label, type: "number", value: String(value), inputmode: "numeric", most: 4 };
  }

  /** Return what the boxes for time show at first. */
  #stands(): { zone: string; starts: Wall; ends: Wall } {
    const { gathering } = this;
    const zone = gathering?.zone ?? ownZone();
    if (gathering)
      return {
        zone,
        starts: wallOf(Date.parse(gathering.starts_at), zone),
        ends: wallOf(Date.parse(gathering.ends_at), zone),
      };
    const { date } = wallOf(nextSunday(Date.now()), zone);
    return { zone, starts: { date, time: "10:00" }, ends: { date, time: "11:30" } };
  }

  /** Return after how many days it ends; 0 where the times alone tell: on the same day, or once past midnight. */
  #days(): number {
    const { starts, ends } = this.#stands();
    const days = daysBetween(starts.date, ends.date);
    return days === 1 && ends.time < starts.time ? 0 : days;
  }

  #submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    this.#code = undefined;
    const plan = this.#read(event.target as HTMLFormElement);
    if (!plan) return;
    const { gathering } = this;
    await this.attempt(async () => {
      try {
        const made = gathering
          ? await this.api.send<GatheringShown>("PATCH", AT.gathering(gathering.id), plan)
          : await this.api.send<GatheringShown>("POST", AT.gatherings, plan);
        this.dispatchEvent(new Planned(made, gathering === null));
      } catch (error) {
        if (error instanceof ApiError) this.#code = error.errors[0]?.code;
        throw error;
      }
    });
  };

  /** Read the form; null, with a word at the field, for an unknown zone and for a new one that is over. */
  #read(form: HTMLFormElement): EventsPlan | Change | null {
    const text = (name: string) => typed(form, name).trim();
    const [zone, date] = [text("zone"), text("date")];
    const [from, to] = [text("starts_at"), text("ends_at")];
    try {
      const starts = instantOf({ date, time: from }, zone);
      let ends = instantOf({ date: later(date, this.#days()), time: to }, zone);
      if (ends < starts) ends = instantOf({ date: later(date, 1), time: to }, zone); // a watch night ends after midnight
      if (!this.gathering && ends <= Date.now()) return this.#objects("date", "over_already");
      const was = this.#stands();
      // what nobody touched stays as it is, to the second, which no box shows
      const startStays =
        this.gathering && date === was.starts.date && from === was.starts.time && zone === was.zone;
      const endStays = startStays && to === was.ends.time;
      return {
        title: text("title"),
        ...(startStays ? {} : { starts_at: new Date(starts).toISOString() }),
        ...(endStays ? {} : { ends_at: new Date(ends).toISOString() }),
        zone,
        video_url: text("video_url"),
        opens_before: Number(text("opens_before")),
        closes_after: Number(text("closes_after")),
      };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return this.#objects("zone", "unknown_zone");
    }
  }

  #objects(name: string, code: string): null {
    this.wrong = { [name]: this.#words.codes[code] as string };
    void this.focusOn(`#${name}`);
    return null;
  }
}

function nextSunday(now: number): number {
  const day = new Date(now).getDay();
  return now + ((7 - day) % 7 || 7) * DAY_MS;
}
