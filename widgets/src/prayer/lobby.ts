/** `<narthex-lobby>`: the wall on a television in the hall: one request at a time, read from three metres. */

import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { RequestShown } from "../core/generated";
import { day } from "./card";
import type { Asker } from "./page";
import type { Speech } from "./speech";
import type { Wall } from "./wall";

const SHOWN_MS = 12_000;
const LONG = 280; // characters, from which on the words are smaller
const MOST = 700; // characters that fit; the rest is on the wall

export class NarthexLobby extends LitElement {
  static override properties = { speech: { attribute: false }, current: { state: true } };

  declare visitor: Asker;
  declare wall: Wall;
  declare speech: Speech;
  declare current: string;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.current = "";
  }

  protected override createRenderRoot(): this {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.wall.changed = () => this.#look();
    this.#timer = setInterval(() => this.next(), SHOWN_MS);
    void this.#keepAwake();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  /** Show the next request; behind the last comes the first. */
  next(): void {
    const ids = this.wall.list.map(({ id }) => id);
    this.current = ids[(ids.indexOf(this.current) + 1) % Math.max(1, ids.length)] ?? "";
  }

  /** What was taken down is not shown a moment longer. */
  #look(): void {
    if (!this.wall.requests.has(this.current)) this.next();
    this.requestUpdate();
  }

  protected override render(): TemplateResult {
    const request = this.wall.requests.get(this.current);
    return html`<main class="lobby" aria-live="off">
      <header><h1>${this.visitor.page.church.name}</h1><p>${this.speech.say("wallTitle")}</p></header>
      ${request && !this.wall.refused ? this.#one(request) : html`<p class="words">${this.#instead()}</p>`}
      ${this.wall.refused ? nothing : this.#footer()}
    </main>`;
  }

  /** Say why nothing is shown: what the wall is closed to us for may have to do with what stands there. */
  #instead(): string {
    const { speech, wall, visitor } = this;
    if (wall.paused) return speech.say("wallPaused", { church: visitor.page.church.name });
    if (wall.refused) return speech.say("wallError");
    return wall.shown ? speech.say("lobbyEmpty") : "";
  }

  #one(request: RequestShown): TemplateResult {
    const { say } = this.speech;
    const { body = "", name, on, language, testimony, state } = request;
    const words = state === "answered" && testimony ? testimony : body;
    const shown = words.length > MOST ? `${words.slice(0, MOST)}…` : words;
    const prayed = this.wall.prayed.get(request.id) ?? 0;
    return html`<article data-size=${words.length > LONG ? "long" : "short"}>
      ${request.urgent ? html`<p class="tag urgent">${say("urgent")}</p>` : nothing}
      ${state === "answered" ? html`<p class="tag answered">${say("answered")}</p>` : nothing}
      <p class="words" dir="auto" lang=${language || nothing}>${shown}</p>
      <p class="who"><bdi>${name || say("somebody")}</bdi>${on ? html` · ${day(on, this.speech)}` : nothing}${
        prayed > 0 ? html` · ${say("prayedCount", { count: prayed })}` : nothing
      }</p>
    </article>`;
  }

  #footer(): TemplateResult {
    const { list, shown, state } = this.wall;
    const behind = shown && state.kind !== "online";
    return html`<footer><span class="dots" aria-hidden="true">${list.slice(0, 12).map(({ id }) => html`<i ?data-on=${id === this.current}></i>`)}</span>
      ${behind ? html`<small>${this.speech.say("wallOffline")}</small>` : nothing}</footer>`;
  }

  async #keepAwake(): Promise<void> {
    await navigator.wakeLock?.request("screen").catch(() => undefined); // without it the television has its own setting
  }
}
