/** `<narthex-queue>`: everything that waits for a decision. The list on the left, the case on the right, keys for all. */

import { html, nothing, type TemplateResult } from "lit";
import type { CaseShown, Decide, TeamRequest, WorkerShown } from "../../core/generated";
import { icon } from "../../core/icons";
import { isComposing } from "../../core/keys";
import { ApiError, AT, type ConsoleApi, type Session } from "../api";
import { Cover } from "../cover";
import type { NarthexUndo, Offer } from "../undo";
import { alert, bones, ConsoleElement } from "../view";
import { soundSwitch } from "../watch/chime";
import type { Watch } from "../watch/watch";
import { queueWords } from "../words/queue";
import type { Decided, Edited, NarthexWaiting } from "./case";
import { Claim } from "./claim";
import { type Filter, filtered, filters } from "./filters";
import { keysDialog } from "./keys";
import { caseList } from "./list";
import type { NarthexNotes } from "./notes";
import { statusLine } from "./status";

const TICK_MS = 5_000; // ages are drawn anew so often

/** Fired when a conversation shall be opened at the care desk. */
export class GoTo extends Event {
  constructor(readonly conversation: string) {
    super("go-to", { bubbles: true });
  }
}

export class NarthexQueue extends ConsoleElement {
  static override properties = {
    api: { attribute: false },
    session: { attribute: false },
    watch: { attribute: false },
    chosen: { state: true },
    filter: { state: true },
    phrases: { state: true },
    people: { state: true },
    offer: { state: true },
    error: { state: true },
    news: { state: true },
    busy: { state: true },
    keys: { state: true },
  };

  declare api: ConsoleApi;
  declare session: Session;
  declare watch: Watch;
  /** The id of the case on the right. */
  declare chosen: string;
  declare filter: Filter;
  /** Whether the saved replies are shown in place of the queue. */
  declare phrases: boolean;
  declare people: readonly WorkerShown[];
  declare offer: Offer | null;
  declare error: string;
  /** What became different about the case on the right. */
  declare news: string;
  declare busy: boolean;
  /** Whether single keys do something. */
  declare keys: boolean;
  #claim!: Claim;
  #wanted = "";
  readonly #drafts = new Map<string, string>(); // notes that were begun, by case
  #alone = () => {};
  readonly #cover = new Cover(() => this.#shut());
  #tick: ReturnType<typeof setInterval> | undefined;
  readonly #words = queueWords[this.language];

  constructor() {
    super();
    this.chosen = "";
    this.filter = { team: "", kind: "", mine: false };
    this.phrases = false;
    this.people = [];
    this.offer = null;
    this.error = "";
    this.news = "";
    this.busy = false;
    this.keys = true;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#claim = new Claim(this.api, this.watch, this.session.person.id);
    this.#alone = this.watch.listen(this.#heard);
    this.#wanted = new URLSearchParams(window.location.search).get("subject") ?? "";
    this.#tick = setInterval(() => this.requestUpdate(), TICK_MS);
    this.addEventListener("keydown", this.#pressed);
    this.#cover.start();
    this.#heard();
    void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#alone();
    clearInterval(this.#tick);
    this.removeEventListener("keydown", this.#pressed);
    this.#cover.stop();
    this.#claim.stop();
  }

  async #load(): Promise<void> {
    try {
      this.people = await this.api.get<WorkerShown[]>(AT.workers);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // the queue itself comes by the socket
    }
  }

  #heard = (): void => {
    const asked = this.#wanted && this.watch.cases.about(this.#wanted);
    if (asked) {
      this.#wanted = "";
      this.choose(asked.id);
    }
    this.#claim.look();
    this.requestUpdate();
  };

  // ---- drawing

  protected override updated(): void {
    this.#cover.follow(this.chosen !== "" && !this.phrases);
  }

  get #list(): readonly CaseShown[] {
    return filtered(this.watch.cases.list, this.filter, this.session.person.id);
  }

  protected override render(): TemplateResult {
    const words = this.#words;
    const { watch } = this;
    return html`
      <div class="queue" data-case=${this.chosen ? "open" : "none"}>
        <div class="row spread head">
          <h1 tabindex="-1">${words.title}</h1>
          <button class="quiet" aria-pressed=${this.phrases} @click=${() => {
            this.phrases = !this.phrases;
          }}>${words.phrases}</button>
        </div>
        ${
          this.phrases
            ? html`<narthex-phrases .api=${this.api}></narthex-phrases>`
            : html`${statusLine(watch, words, this.language)}
              ${watch.read.size ? this.#both() : bones(this.say.loading, 6)}`
        }
      </div>
      <narthex-undo .offer=${this.offer}></narthex-undo>
      ${keysDialog(words)}
    `;
  }

  #both(): TemplateResult {
    const words = this.#words;
    const list = this.#list;
    return html`<div class="two">
      <div class="left">
        ${filters(this.filter, this.watch.teams, words, (change) => {
          this.filter = { ...this.filter, ...change };
        })}
        <div class="scroll">${
          list.length
            ? caseList(list, {
                words,
                language: this.language,
                me: this.session.person.id,
                chosen: this.chosen,
                choose: this.choose,
              })
            : this.#empty()
        }</div>
      </div>
      <div class="right">${alert(this.error)} ${this.#case()} ${this.#switches()}</div>
    </div>`;
  }

  #empty(): TemplateResult {
    const words = this.#words;
    if (!this.watch.cases.list.length) return html`<p class="empty">${words.nothing}</p>`;
    return html`<div class="empty"><p>${words.nothingHere}</p>
      <button @click=${() => {
        this.filter = { team: "", kind: "", mine: false };
      }}>${words.showAll}</button></div>`;
  }

  #case(): TemplateResult {
    const words = this.#words;
    const shown = this.watch.cases.find(this.chosen);
    if (!this.chosen)
      return html`<p class="muted none">${words.noneChosen} <span class="wide">${words.noneChosenKeys}</span></p>`;
    return html`
      <button class="back quiet" @click=${this.#shut}>${icon("arrowUp")} ${words.back}</button>
      ${this.news && shown ? html`<p class="notice" role="status">${this.news}</p>` : nothing}
      ${shown ? this.#open(shown) : this.#over()} ${this.#notes()}
    `;
  }

  #open(shown: CaseShown): TemplateResult {
    return html`
      <narthex-waiting .api=${this.api} .shown=${shown} .me=${this.session.person.id} .busy=${this.busy}
        @decided=${({ step, wording }: Decided) => void this.#decide(shown, step, wording)}
        @edited=${({ change }: Edited) => void this.#edit(shown, change)}></narthex-waiting>
      ${this.#assignment(shown)}
    `;
  }

  /** Draw the notes below a case; while words stand in their box, also below one that a colleague has decided. */
  #notes(): TemplateResult | typeof nothing {
    const { cases } = this.watch;
    const shown = cases.find(this.chosen);
    if (!shown && !this.#drafts.has(this.chosen)) return nothing;
    const count = (shown ?? cases.over(this.chosen))?.notes ?? 0;
    return html`<narthex-notes .api=${this.api} .drafts=${this.#drafts} case=${this.chosen} count=${count}></narthex-notes>`;
  }

  #over(): TemplateResult {
    const words = this.#words;
    const over = this.watch.cases.over(this.chosen);
    const text =
      over?.state === "decided" && over.decided_by_name
        ? words.overBy(over.decided_by_name, words.verdicts[over.verdict ?? ""] ?? over.verdict ?? "")
        : words.over;
    return html`<p class="notice" role="status">${text}</p>
      <button class="strong" @click=${() => this.#goOn(0)}>${words.next}</button>`;
  }

  #assignment(shown: CaseShown): TemplateResult {
    const words = this.#words;
    const me = this.session.person.id;
    const able = this.people.filter(({ id, teams }) => id !== me && teams.includes(shown.team));
    const to = shown.assigned_to ?? "";
    const known = to === "" || to === me || able.some(({ id }) => id === to);
    return html`<div class="row assign">
      <label for="assign">${words.assign}</label>
      <select id="assign" ?disabled=${this.busy} @change=${(event: Event) => {
        void this.#assign(shown, (event.target as HTMLSelectElement).value);
      }}>
        <option value="" .selected=${to === ""}>${words.anybody}</option>
        <option value=${me} .selected=${to === me}>${words.me}</option>
        ${known ? nothing : html`<option value=${to} selected>${shown.assigned_to_name}</option>`}
        ${able.map(({ id, name }) => html`<option value=${id} .selected=${id === to}>${name}</option>`)}
      </select>
    </div>`;
  }

  #switches(): TemplateResult {
    const words = this.#words;
    return html`<div class="row switches">
      <label class="check keys"><input type="checkbox" .checked=${this.keys}
        @change=${(event: Event) => {
          this.keys = (event.target as HTMLInputElement).checked;
        }} />${words.keys}</label>
      ${soundSwitch(words.sound)}
      <button class="quiet keys" @click=${this.#help}>${words.keysTitle} <kbd>?</kbd></button>
    </div>`;
  }

  // ---- doing

  choose = (id: string): void => {
    if (id === this.chosen) return;
    this.chosen = id;
    this.error = "";
    this.news = "";
    this.#claim.take(id);
  };

  #shut = (): void => {
    const id = this.chosen;
    this.choose("");
    void this.updateComplete.then(() =>
      this.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"], [role="option"], h1`)?.focus(),
    );
  };

  /** Go on with the case at a place of the list, so that a hand need not leave the keys. */
  #goOn(at: number): void {
    const list = this.#list;
    this.choose((list[at] ?? list.at(-1))?.id ?? "");
    void this.updateComplete.then(() => {
      const entry = this.querySelector<HTMLElement>('[role="option"][aria-selected="true"]');
      // a phone shows the case in place of the list
      const shown = [entry, this.querySelector<HTMLElement>(".case-title"), this.querySelector("h1")];
      shown.find((one) => one?.checkVisibility?.() ?? one)?.focus();
    });
  }

  async #decide(shown: CaseShown, step: Decided["step"], wording: string | undefined): Promise<void> {
    const words = this.#words;
    const at = this.#list.findIndex(({ id }) => id === shown.id);
    if (step === "go") {
      await this.#go(shown);
      return;
    }
    const decide: Decide = {
      verdict: step,
      version: shown.subject_version,
      ...(wording === undefined ? {} : { public_body: wording }),
    };
    await this.#attempt(shown, async () => {
      const done = await this.api.send<CaseShown>("POST", `${AT.case(shown.id)}/decide`, decide);
      this.watch.cases.take(done);
      const undo = done.state === "decided" ? { undo: () => this.#takeBack(shown.id) } : {};
      this.offer = { text: shown.kind === "concern" ? words.seenTo : (words.done[step] ?? ""), ...undo };
      this.#claim.forget();
      // half a note is not left behind unseen: it can still be sent below the case that is over
      if (this.#drafts.has(shown.id)) await this.focusOn("#note");
      else this.#goOn(Math.max(0, at));
    });
  }

  async #takeBack(id: string): Promise<void> {
    const again = await this.api.send<CaseShown>("POST", `${AT.case(id)}/undo`);
    this.watch.take(again);
    this.offer = null;
    this.choose(again.id);
    await this.focusOn('[role="option"][aria-selected="true"]');
  }

  #go(shown: CaseShown): Promise<void> {
    const act = shown.reason === "second" ? "join" : "accept";
    return this.#attempt(shown, async () => {
      await this.api.send("POST", `${AT.conversation(shown.subject)}/${act}`);
      this.#claim.forget();
      this.dispatchEvent(new GoTo(shown.subject));
    });
  }

  #edit(shown: CaseShown, change: Edited["change"]): Promise<void> {
    return this.#attempt(shown, async () => {
      const body = { ...change, version: shown.request?.version ?? shown.subject_version };
      const request = await this.api.send<TeamRequest>("PATCH", AT.prayer(shown.subject), body);
      this.#reworded(shown.id, request);
    });
  }

  #assign(shown: CaseShown, to: string): Promise<void> {
    return this.#attempt(shown, async () => {
      const done = await this.api.send<CaseShown>("POST", `${AT.case(shown.id)}/assign`, { to: to || null });
      this.watch.take(done);
      this.news = this.#words.assigned(done.assigned_to_name ?? "");
    });
  }

  /** The request behind a case is different now; the case itself follows when the server has looked at it. */
  #reworded(id: string, request: TeamRequest): void {
    const known = this.watch.cases.find(id);
    if (known) this.watch.take({ ...known, request, subject_version: request.version });
  }

  async #attempt(shown: CaseShown, work: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.error = "";
    this.news = "";
    try {
      await work();
    } catch (error) {
      await this.#refused(shown, error);
    } finally {
      this.busy = false;
    }
  }

  /** Say why it was not done, and show what is there now. */
  async #refused(shown: CaseShown, error: unknown): Promise<void> {
    const words = this.#words;
    const code = error instanceof ApiError ? error.code : "";
    const request = error instanceof ApiError ? error.extra.request : undefined;
    if (code === "changed") {
      this.news = words.changed;
      if (request) this.#reworded(shown.id, request as TeamRequest);
      else await this.#again(shown.id);
      return;
    }
    this.error = code === "claimed" ? words.taken : this.why(error);
    if (["claimed", "already_decided", "already_accepted", "wrong_state", "session_over"].includes(code)) {
      if (code.startsWith("already_decided")) this.error = words.decided;
      await this.#again(shown.id);
    }
    if (code === "no_such_case") this.watch.cases.drop(shown.id);
  }

  async #again(id: string): Promise<void> {
    try {
      this.watch.take(await this.api.get<CaseShown>(AT.case(id)));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 404) this.watch.cases.drop(id);
    }
  }

  // ---- keys

  #help = (): void => {
    this.querySelector<HTMLDialogElement>("dialog.keys-dialog")?.showModal();
  };

  #pressed = (event: KeyboardEvent): void => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || isComposing(event) || target.closest("dialog"))
      return;
    if (event.key === "Escape" && this.chosen) {
      if (target.closest("textarea, input")) this.querySelector<HTMLElement>(".case-title")?.focus();
      else this.#shut();
      return;
    }
    if (target.closest("input, textarea, select")) return;
    const key = event.key.toLowerCase();
    // a key that is held moves on, and does nothing a second time: what comes next was not read
    if (this.#moves(key) || (this.keys && !event.repeat && this.#does(key))) event.preventDefault();
  };

  /** Move within the list: arrows always, J and K while keys are on. */
  #moves(key: string): boolean {
    const down = key === "arrowdown" || (this.keys && key === "j");
    const up = key === "arrowup" || (this.keys && key === "k");
    if (!down && !up) return false;
    const list = this.#list;
    const at = list.findIndex(({ id }) => id === this.chosen);
    const next = at < 0 ? list[0] : list[at + (down ? 1 : -1)];
    if (next) this.choose(next.id);
    void this.focusOn('[role="option"][aria-selected="true"]');
    return true;
  }

  #does(key: string): boolean {
    const notes = this.querySelector<NarthexNotes>("narthex-notes");
    switch (key) {
      case "?":
        this.#help();
        return true;
      case "u":
      case "z":
        void this.querySelector<NarthexUndo>("narthex-undo")?.take();
        return true;
      case "n":
      case "r":
        notes?.write(key === "r");
        return notes !== null;
      default:
        return this.querySelector<NarthexWaiting>("narthex-waiting")?.press(key) ?? false;
    }
  }
}
