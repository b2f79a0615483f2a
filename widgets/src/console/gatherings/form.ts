/** `<narthex-gathering>`: the form that plans a gathering or changes one. Times are of the gathering's own zone. */

import { html, type TemplateResult } from "lit";
import type { EventsPlan, GatheringShown } from "../../core/generated";
import { ApiError, AT } from "../api";
import { type Field, field, typed } from "../field";
import { ConsoleForm } from "../form";
import { alert } from "../view";
import { gatheringWords } from "../words/gatherings";
import { homeWords } from "../words/home";
import { instantOf, ownZone, wallOf } from "./zoned";

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
    const zone = gathering?.zone ?? ownZone();
    const starts = wallOf(gathering ? Date.parse(gathering.starts_at) : nextSunday(Date.now()), zone);
    const ends = gathering ? wallOf(Date.parse(gathering.ends_at), zone) : { ...starts, time: "11:30" };
    return [
      { name: "title", label: words.name, value: gathering?.title ?? "", most: 200 },
      { name: "date", label: words.date, type: "date", value: starts.date },
      { name: "starts_at", label: words.from, type: "time", value: gathering ? starts.time : "10:00" },
      { name: "ends_at", label: words.to, type: "time", value: ends.time },
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
  #read(form: HTMLFormElement): EventsPlan | null {
    const text = (name: string) => typed(form, name).trim();
    const [zone, date] = [text("zone"), text("date")];
    try {
      const starts = instantOf({ date, time: text("starts_at") }, zone);
      let ends = instantOf({ date, time: text("ends_at") }, zone);
      if (ends < starts) ends += DAY_MS; // a watch night ends after midnight
      if (!this.gathering && ends <= Date.now()) return this.#objects("date", "over_already");
      return {
        title: text("title"),
        starts_at: new Date(starts).toISOString(),
        ends_at: new Date(ends).toISOString(),
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
