/** `<narthex-request>`: one prayer request with all that is known of it, and what the team may change. */

import { html, nothing, type TemplateResult } from "lit";
import type { Editing, FlagShown, TeamRequest, Unsealed, WorkerShown } from "../../core/generated";
import { ApiError, AT, type Session } from "../api";
import { ConsoleForm } from "../form";
import type { NarthexWording } from "../queue/wording";
import { moment } from "../time";
import { alert, notice } from "../view";
import { LookAt } from "../watch/alarms";
import { prayerWords } from "../words/prayers";
import { queueWords } from "../words/queue";
import { choices, TEAM_CATEGORIES, VISIBILITIES } from "./choices";

const OPENERS = ["owner", "pastor"];
const WAITS = ["held", "pastor"];
const CHANGEABLE = [...WAITS, "approved", "answered", "expired"];

/** Fired with the request as it is now. */
export class Changed extends Event {
  constructor(readonly request: TeamRequest) {
    super("changed");
  }
}

type Asking = "" | "archive" | "unseal" | "task";

export class NarthexRequest extends ConsoleForm {
  static override properties = {
    ...ConsoleForm.properties,
    session: { attribute: false },
    people: { attribute: false },
    request: { attribute: false },
    flags: { state: true },
    asking: { state: true },
    inside: { state: true },
  };

  declare session: Session;
  declare people: readonly WorkerShown[];
  declare request: TeamRequest;
  declare flags: readonly FlagShown[];
  declare asking: Asking;
  /** What lay in the envelope. */
  declare inside: Unsealed | null;
  readonly #words = prayerWords[this.language];

  constructor() {
    super();
    this.people = [];
    this.flags = [];
    this.asking = "";
    this.inside = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.request.flags) void this.#readFlags();
  }

  protected override why(error: unknown): string {
    const known = error instanceof ApiError ? this.#words.codes[error.code] : undefined;
    return known ?? super.why(error);
  }

  async #readFlags(): Promise<void> {
    await this.attempt(async () => {
      this.flags = await this.api.get<FlagShown[]>(`${AT.prayer(this.request.id)}/flags`);
    });
  }

  protected override render(): TemplateResult {
    const words = this.#words;
    const { request } = this;
    return html`
      <h2 tabindex="-1">${words.states[request.state]}
        ${request.urgent ? html`<span class="reason">${words.urgent}</span>` : nothing}
        ${request.crisis ? html`<span class="reason urgent">${queueWords[this.language].crisis}</span>` : nothing}</h2>
      ${notice(this.done)} ${alert(this.error)}
      <p><span class="muted">${words.from}:</span> <bdi>${request.name || words.nobody}</bdi></p>
      ${this.#history()}
      <h3>${words.own}</h3>
      <p class="words" dir="auto">${request.body}</p>
      ${
        request.testimony
          ? html`<h3>${words.testimony}</h3><p class="note" dir="auto">${request.testimony}</p>`
          : nothing
      }
      <narthex-replies .api=${this.api} request=${request.id} @taken-down=${this.#again}></narthex-replies>
      ${CHANGEABLE.includes(request.state) ? this.#form() : nothing} ${this.#flags()} ${this.#acts()} ${this.#question()}
    `;
  }

  #history(): TemplateResult {
    const words = this.#words;
    const { at, decided_at, decided_by, expires_at, round, prayed, reason } = this.request;
    const reasons = queueWords[this.language].reasons;
    return html`<ul class="facts muted">
      <li>${words.asked}: ${moment(at, this.language)}${reason ? html` · ${reasons[reason] ?? reason}` : nothing}</li>
      ${decided_at ? html`<li>${words.decidedBy(decided_by ?? "")}: ${moment(decided_at, this.language)}</li>` : nothing}
      ${expires_at ? html`<li>${words.until}: ${moment(expires_at, this.language)}</li>` : nothing}
      ${round > 1 ? html`<li>${words.rounds(round)}</li>` : nothing}
      ${prayed ? html`<li>${words.prayed(prayed)}</li>` : nothing}
    </ul>`;
  }

  #form(): TemplateResult {
    const words = this.#words;
    const { request } = this;
    const none = () => {}; // read when it is saved
    return html`<form class="change" @submit=${this.#save}>
      <narthex-wording .request=${request} .locked=${this.busy}></narthex-wording>
      <div class="row three">
        ${choices("visibility", words.visibility, VISIBILITIES, words.visibilities, request.visibility, false, none)}
        ${choices("category", words.category, TEAM_CATEGORIES, words.categories, request.category, false, none)}
        <label class="check"><input id="urgent" type="checkbox" .checked=${request.urgent ?? false} />${words.urgent}</label>
      </div>
      <button ?disabled=${this.busy}>${words.save}</button>
    </form>`;
  }

  #flags(): TemplateResult | typeof nothing {
    const words = queueWords[this.language];
    if (!this.flags.length) return nothing;
    return html`<h3>${this.#words.flags}</h3><ul class="reasons">${this.flags.map(
      ({ reason, note, team }) => html`<li>${words.reasons[reason] ?? reason}
        <span class="muted">${team ? words.byTeam : words.byVisitor}</span>
        ${note ? html`<p class="note" dir="auto">${note}</p>` : nothing}</li>`,
    )}</ul>`;
  }

  #acts(): TemplateResult {
    const words = this.#words;
    const { request } = this;
    const may = OPENERS.some((role) => this.session.person.roles.includes(role));
    const ask = (asking: Asking, text: string, danger = false) => html`<button class=${danger ? "danger" : ""}
      aria-expanded=${this.asking === asking} @click=${() => this.#ask(asking)}>${text}</button>`;
    return html`<div class="row">
      ${
        WAITS.includes(request.state)
          ? html`<button class="strong" @click=${() =>
              this.dispatchEvent(
                new LookAt({ about: "prayer", subject: request.id }),
              )}>${words.toQueue}</button>`
          : nothing
      }
      ${ask("task", words.task)} ${request.sealed && may ? ask("unseal", words.unseal) : nothing}
      ${["archived", "withdrawn"].includes(request.state) ? nothing : ask("archive", words.archive, true)}
    </div>`;
  }

  #ask(asking: Asking): void {
    this.asking = this.asking === asking ? "" : asking;
    this.inside = null;
    if (this.asking) void this.focusOn(".ask input, .ask textarea, .ask button");
  }

  #question(): TemplateResult | typeof nothing {
    const words = this.#words;
    switch (this.asking) {
      case "task":
        return html`<narthex-task class="ask" .api=${this.api} .people=${this.people}
          .me=${this.session.person.id} request=${this.request.id}></narthex-task>`;
      case "archive":
        return html`<div class="ask"><p>${words.archiveSure}</p>
          <button class="danger" ?disabled=${this.busy} @click=${this.#archive}>${words.archiveGo}</button></div>`;
      case "unseal":
        return this.inside ? this.#envelope(this.inside) : this.#unsealing();
      default:
        return nothing;
    }
  }

  #unsealing(): TemplateResult {
    const words = this.#words;
    return html`<form class="ask" @submit=${this.#unseal}>
      <p>${words.unsealWhy}</p>
      <label for="why">${words.reason}</label>
      <textarea id="why" name="why" rows="2" minlength="10" maxlength="300" required></textarea>
      <div class="row"><button class="danger" ?disabled=${this.busy}>${words.unsealGo}</button>
        <button type="button" @click=${() => this.#ask("")}>${words.cancel}</button></div>
    </form>`;
  }

  #envelope({ name, email }: Unsealed): TemplateResult {
    const words = this.#words;
    return html`<section class="ask" role="status">
      <h3>${words.unsealed}</h3>
      <p><strong dir="auto">${name || words.noName}</strong><br />
        ${email ? html`<a href=${`mailto:${email}`}>${email}</a>` : words.noEmail}</p>
    </section>`;
  }

  // ---- doing

  #save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const { request } = this;
    const chosen = (id: string) => this.querySelector<HTMLSelectElement>(`#${id}`)?.value ?? "";
    const urgent = this.querySelector<HTMLInputElement>("#urgent")?.checked ?? false;
    const wording = this.querySelector<NarthexWording>("narthex-wording")?.changed;
    const change: Editing = { version: request.version };
    if (wording !== undefined) change.public_body = wording;
    if (chosen("visibility") !== request.visibility)
      change.visibility = chosen("visibility") as TeamRequest["visibility"];
    if (chosen("category") !== request.category)
      change.category = chosen("category") as TeamRequest["category"];
    if (urgent !== (request.urgent ?? false)) change.urgent = urgent;
    let stale = false;
    await this.attempt(async () => {
      try {
        this.#now(await this.api.send<TeamRequest>("PATCH", AT.prayer(request.id), change));
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== "changed") throw error;
        this.#now(error.extra.request as TeamRequest);
        stale = true;
      }
    }, this.#words.saved);
    if (!stale) return;
    this.done = "";
    this.error = this.#words.changed;
  };

  #archive = async (): Promise<void> => {
    const path = `${AT.prayer(this.request.id)}/archive`;
    const work = async () => this.#now(await this.api.send<TeamRequest>("POST", path));
    if (await this.attempt(work, this.#words.archived)) this.asking = "";
  };

  #unseal = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const reason = this.querySelector<HTMLTextAreaElement>("#why")?.value ?? "";
    await this.attempt(async () => {
      this.inside = await this.api.send<Unsealed>("POST", `${AT.prayer(this.request.id)}/unseal`, { reason });
    });
  };

  #again = (): Promise<boolean> =>
    this.attempt(async () => this.#now(await this.api.get<TeamRequest>(AT.prayer(this.request.id))));

  #now(request: TeamRequest): void {
    this.request = request;
    this.dispatchEvent(new Changed(request));
  }
}
