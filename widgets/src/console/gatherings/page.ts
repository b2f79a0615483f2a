/** `<narthex-gatherings>`: what is planned, doors opened and closed by hand, and the form to plan more. */

import { html, nothing, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import type { Change, GatheringShown, RoomShown, Rooms } from "../../core/generated";
import { AT } from "../api";
import { ConsoleForm } from "../form";
import { moment, since } from "../time";
import type { Offer } from "../undo";
import { alert, bones, notice } from "../view";
import { gatheringWords } from "../words/gatherings";
import { homeWords } from "../words/home";
import type { Planned } from "./form";
import { ownZone } from "./zoned";

const MINUTE = 60_000;
const LONGEST_BEFORE = 1440; // minutes; doors open at most a day early
const SHOWN_BACK_MS = 86_400_000;

interface Listed {
  readonly items: readonly GatheringShown[];
  readonly next: string | null;
}

/** Fired when a room shall be opened on the live page. */
export class OpenRoom extends Event {
  constructor(readonly room: string) {
    super("open-room", { bubbles: true });
  }
}

/** Return the change that opens the doors at this moment, or null where none does. */
export function opening(gathering: GatheringShown, now: number): Change | null {
  const minutes = Math.ceil((Date.parse(gathering.starts_at) - now) / MINUTE);
  if (gathering.cancelled || doors(gathering, now) !== "waiting" || minutes > LONGEST_BEFORE) return null;
  return { opens_before: Math.max(0, minutes) };
}

/** Return the change that closes the doors at this moment, or null where none does. */
export function closing(gathering: GatheringShown, now: number): Change | null {
  if (doors(gathering, now) !== "open") return null;
  if (now <= Date.parse(gathering.starts_at)) return { opens_before: 0 };
  const ends = Math.min(Date.parse(gathering.ends_at), now);
  return { ends_at: new Date(ends).toISOString(), closes_after: Math.floor((now - ends) / MINUTE) };
}

/** Tell how the doors stand. */
export function doors(gathering: GatheringShown, now: number): "cancelled" | "waiting" | "open" | "over" {
  if (gathering.cancelled) return "cancelled";
  if (now < Date.parse(gathering.opens_at)) return "waiting";
  return now < Date.parse(gathering.closes_at) ? "open" : "over";
}

export class NarthexGatherings extends ConsoleForm {
  static override properties = {
    ...ConsoleForm.properties,
    items: { state: true },
    next: { state: true },
    rehearsals: { state: true },
    editing: { state: true },
    offer: { state: true },
  };

  declare items: readonly GatheringShown[] | null;
  declare next: string | null;
  /** The room of each gathering that hosts rehearse now. */
  declare rehearsals: ReadonlyMap<string, string>;
  /** The gathering in the form; null plans a new one. */
  declare editing: GatheringShown | null;
  declare offer: Offer | null;
  readonly #words = gatheringWords[this.language];
  #formNumber = 0;

  constructor() {
    super();
    this.items = null;
    this.next = null;
    this.rehearsals = new Map();
    this.editing = null;
    this.offer = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load(null);
  }

  #load = (after: string | null): Promise<boolean> =>
    this.look(
      () => {
        const since = new Date(Date.now() - SHOWN_BACK_MS).toISOString();
        return Promise.all([
          this.api.get<Listed>(AT.gatherings, { since, after: after ?? undefined }),
          this.api.get<Rooms>(AT.rooms),
        ]);
      },
      ([page, { rooms }]) => {
        this.rehearsals = new Map(
          rooms.flatMap(({ room }) => (room.rehearses ? [[room.rehearses, room.id]] : [])),
        );
        this.items = [...(after ? (this.items ?? []) : []), ...page.items];
        this.next = page.next;
      },
    );

  protected override render(): TemplateResult {
    const words = this.#words;
    const { editing } = this;
    return html`
      <h1 tabindex="-1">${words.title}</h1>
      ${notice(this.done)} ${alert(this.error)}
      <div class="columns">
        <div>${this.items ? this.#list(this.items) : this.#missing()}</div>
        ${keyed(
          `${editing?.id ?? "new"} ${this.#formNumber}`,
          html`<narthex-gathering class="card-like" .api=${this.api} .gathering=${editing}
            @submit=${this.#tried} @planned=${this.#planned} @left=${() => this.#edit(null)}></narthex-gathering>`,
        )}
      </div>
      <narthex-undo .offer=${this.offer}></narthex-undo>
    `;
  }

  #missing(): TemplateResult {
    return this.error
      ? html`<button @click=${() => this.#load(null)}>${homeWords[this.language].again}</button>`
      : bones(this.say.loading);
  }

  #list(items: readonly GatheringShown[]): TemplateResult {
    if (!items.length) return html`<p class="empty">${this.#words.empty}</p>`;
    return html`<ul class="list gatherings">${items.map((one) => this.#one(one))}</ul>
      ${
        this.next
          ? html`<button ?disabled=${this.busy} @click=${() => this.#load(this.next)}>${homeWords[this.language].more}</button>`
          : nothing
      }`;
  }

  #one(gathering: GatheringShown): TemplateResult {
    const words = this.#words;
    const now = Date.now();
    const state = doors(gathering, now);
    const stands = state === "waiting" ? words.next(since(gathering.opens_at, this.language)) : words[state];
    const elsewhere = gathering.zone !== ownZone();
    return html`<li>
      <div class="what">
        <strong>${gathering.title}</strong>
        <span>${moment(gathering.starts_at, this.language, gathering.zone)}
          <span class="muted">${gathering.zone}</span></span>
        ${elsewhere ? html`<span class="muted">${words.yours(moment(gathering.starts_at, this.language))}</span>` : nothing}
        <span class="badges"><span class=${`badge ${state === "open" ? "" : "waiting"}`}>${stands}</span>
          ${this.rehearsals.has(gathering.id) ? html`<span class="badge">${words.rehearsing}</span>` : nothing}</span>
      </div>
      ${this.#actions(gathering, now)}
    </li>`;
  }

  #actions(gathering: GatheringShown, now: number): TemplateResult | typeof nothing {
    if (gathering.cancelled) return nothing;
    const words = this.#words;
    const { title } = gathering;
    const opens = opening(gathering, now);
    const closes = closing(gathering, now);
    return html`<div class="row">
      ${opens ? html`<button class="strong" @click=${() => this.#doors(gathering, opens, words.opened(title))}>${words.openNow}</button>` : nothing}
      ${closes ? html`<button class="danger" @click=${() => this.#doors(gathering, closes, words.closed(title))}>${words.closeNow}</button>` : nothing}
      ${this.#rehearsal(gathering, now)}
      <button aria-label=${`${words.change}: ${title}`} @click=${() => this.#edit(gathering)}>${words.change}</button>
      <details>
        <summary>${words.cancelIt}</summary>
        <p>${words.cancelSure}</p>
        <button class="danger" ?disabled=${this.busy} @click=${() => this.#cancel(gathering)}>${words.cancelIt}</button>
      </details>
    </div>`;
  }

  #rehearsal(gathering: GatheringShown, now: number): TemplateResult | typeof nothing {
    const words = this.#words;
    const { id, title } = gathering;
    const goesOn = this.rehearsals.has(id);
    if (!goesOn && doors(gathering, now) !== "waiting") return nothing;
    return html`<button aria-label=${`${goesOn ? words.toRehearsal : words.rehearse}: ${title}`} ?disabled=${this.busy}
        title=${words.rehearseHint} @click=${() => this.#rehearse(id)}>${goesOn ? words.toRehearsal : words.rehearse}</button>
      ${
        goesOn
          ? html`<button aria-label=${`${words.endRehearsal}: ${title}`} ?disabled=${this.busy}
              @click=${() => this.#endRehearsal(id)}>${words.endRehearsal}</button>`
          : nothing
      }`;
  }

  /** Open the room that only hosts see; a rehearsal that goes on is joined. */
  #rehearse = (id: string): Promise<boolean> =>
    this.attempt(async () => {
      const known = this.rehearsals.get(id);
      const room = known ?? (await this.api.send<RoomShown>("POST", AT.rehearsal(id))).id;
      this.dispatchEvent(new OpenRoom(room));
    });

  #endRehearsal = (id: string): Promise<boolean> =>
    this.attempt(async () => {
      await this.api.send("DELETE", AT.rehearsal(id));
      this.rehearsals = new Map([...this.rehearsals].filter(([gathering]) => gathering !== id));
    }, this.#words.rehearsalEnded);

  /** Open or close the doors, and offer to bring back what was. */
  #doors(gathering: GatheringShown, change: Change, text: string): Promise<boolean> {
    const { ends_at, opens_before, closes_after } = gathering;
    const put = async (to: Change) =>
      this.#replace(await this.api.send<GatheringShown>("PATCH", AT.gathering(gathering.id), to));
    return this.attempt(async () => {
      await put(change);
      this.offer = { text, undo: () => put({ ends_at, opens_before, closes_after }) };
    });
  }

  #cancel(gathering: GatheringShown): Promise<boolean> {
    return this.attempt(
      async () => this.#replace(await this.api.send<GatheringShown>("POST", AT.cancel(gathering.id))),
      this.#words.cancelledNow(gathering.title),
    );
  }

  #edit(gathering: GatheringShown | null): void {
    this.editing = gathering;
    void this.focusOn(gathering ? "#title" : "h1");
  }

  /** What was done before says nothing about a new try. */
  #tried = (): void => {
    this.done = "";
  };

  #planned = async ({ gathering, isNew }: Planned): Promise<void> => {
    this.#formNumber += 1;
    this.editing = null;
    if (!isNew) this.#replace(gathering);
    await this.#load(null);
    this.done = isNew ? this.#words.planned : this.#words.changed;
    void this.focusOn("h1");
  };

  #replace(gathering: GatheringShown): void {
    this.items = this.items?.map((one) => (one.id === gathering.id ? gathering : one)) ?? null;
  }
}
