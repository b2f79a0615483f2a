/** `<narthex-live-prayer-app>`: ask for somebody, wait with an honest place in the queue, pray together, leave. */

import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { CareSessionShown, Offer, Place } from "../core/generated";
import { callable, type Helpline, helplines } from "../core/helplines";
import { HttpError } from "../core/http";
import { icon } from "../core/icons";
import { Live, type LiveState } from "../core/live";
import type { Visitor } from "../core/visitor";
import type { InNeed } from "./concern";
import { Conversation } from "./conversation";
import type { Speech } from "./speech";
import type { Key } from "./words/en";

const MOST = 2_000;
const LOOK_MS = 30_000; // while nobody is there

type Session = CareSessionShown & { readonly erased?: boolean };

export class NarthexLivePrayerApp extends LitElement {
  static override properties = {
    speech: { attribute: false },
    offer: { state: true },
    session: { state: true },
    place: { state: true },
    state: { state: true },
    busy: { state: true },
    problem: { state: true },
    failed: { state: true },
    lines: { state: true },
    ending: { state: true },
    words: { state: true },
  };

  declare visitor: Visitor;
  declare speech: Speech;
  declare offer: Offer | null;
  declare session: Session | null;
  declare place: Place | null;
  declare state: LiveState["kind"];
  declare busy: boolean;
  declare problem: string;
  declare failed: string;
  declare lines: readonly Helpline[] | null;
  declare ending: boolean;
  /** What is being written. */
  declare words: string;
  #live: Live | null = null;
  #conversation: Conversation | null = null;
  #look: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.offer = null;
    this.session = null;
    this.place = null;
    this.state = "connecting";
    this.busy = false;
    this.problem = "";
    this.failed = "";
    this.lines = null;
    this.ending = false;
    this.words = "";
  }

  protected override createRenderRoot(): this {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#look);
    this.#live?.stop();
  }

  /** Go on with what this visitor is in already, or tell whether somebody is there. */
  begin = async (): Promise<void> => {
    clearTimeout(this.#look);
    this.failed = "";
    try {
      const { http, session } = this.visitor;
      const current = session.person ? await http.get<CareSessionShown | null>("/care/current") : null;
      if (current) this.#enter(current);
      else this.offer = await http.get<Offer>("/care/offer");
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.failed = error.code;
    }
    if (this.failed || (!this.session && !this.offer?.open)) this.#look = setTimeout(this.begin, LOOK_MS);
  };

  protected override render(): TemplateResult {
    return html`${this.lines ? this.#care(this.lines) : nothing}${this.#stage()}`;
  }

  #stage(): TemplateResult {
    const { say } = this.speech;
    const { church } = this.visitor.page;
    if (church.status === "suspended" || this.failed === "church_suspended")
      return html`<main class="fields"><p>${say("paused", { church: church.name })}</p></main>`;
    if (this.session) return this.#inSession(this.session);
    if (this.failed)
      return html`<main class="fields"><h1>${say("title")}</h1><p class="alert" role="alert">${say("failed")}</p>
        <button class="secondary" @click=${this.begin}>${say("retry")}</button></main>`;
    if (!this.offer)
      return html`<main class="fields"><h1>${say("title")}</h1><div class="bone" aria-busy="true"></div></main>`;
    return this.offer.open ? this.#form(this.offer) : this.#nobody(say("nobody"));
  }

  #nobody(why: string): TemplateResult {
    const { say } = this.speech;
    return html`<main class="fields"><h1>${say("title")}</h1><p>${why}</p>
      <p class="why">${this.offer?.promise || say("promise")}</p>${this.#instead("primary")}</main>`;
  }

  #instead(look: "primary" | "secondary"): TemplateResult {
    const slug = encodeURIComponent(this.visitor.page.church.slug);
    return html`<a class=${look} href=${`/w/${slug}/prayer-request`}
      @click=${() => void this.#leave(true)}>${this.speech.say("writeInstead")}</a>`;
  }

  #care(lines: readonly Helpline[]): TemplateResult {
    const { say } = this.speech;
    return html`<section class="care" role="alert" aria-labelledby="care-title"><h2 id="care-title">${say("careTitle")}</h2>
      <p>${say("careText")}</p>${callable(lines)}<p><strong>${say("careNow")}</strong></p></section>`;
  }

  // ---- asking

  #form(offer: Offer): TemplateResult {
    const { say, language } = this.speech;
    const { url } = this.visitor.page.consent;
    const names: Record<string, Key> = { en: "inEnglish", es: "inSpanish" };
    return html`<main class="fields"><h1>${say("title")}</h1>
      <p>${say("why", { church: this.visitor.page.church.name })}</p>
      <form @submit=${this.#ask}>
        ${
          this.visitor.session.person
            ? nothing
            : html`<label for="nickname">${say("nickname")}</label>
              <input id="nickname" name="nickname" required maxlength="40" autocomplete="nickname" dir="auto" />
              <label class="check"><input type="checkbox" required /><span>${say(url ? "consent" : "consentPlain")}
                ${url ? html`<a href=${url} target="_blank" rel="noopener noreferrer">${say("consentLink")}</a>` : nothing}</span></label>`
        }
        <label for="topic">${say("topic")}</label>
        <textarea id="topic" name="topic" rows="3" maxlength="500" dir="auto"></textarea>
        ${
          offer.languages.length > 1
            ? html`<label for="language">${say("language")}</label>
              <select id="language" name="language">${offer.languages.map(
                (one) =>
                  html`<option value=${one} ?selected=${one === language}>${names[one] ? say(names[one]) : one}</option>`,
              )}</select>`
            : nothing
        }
        <label class="check"><input type="checkbox" name="minor" /><span>${say("minor")}</span></label>
        <p class="why">${say(`words_${offer.words}`)} ${offer.wait_seconds === null ? nothing : say("expected", { span: this.#span(offer.wait_seconds) })}</p>
        ${this.problem ? html`<p class="alert" role="alert">${this.problem}</p>` : nothing}
        <button class="primary" ?disabled=${this.busy}>${say(this.busy ? "asking" : "ask")}</button>
      </form></main>`;
  }

  #span(seconds: number): string {
    return this.speech.dates.span(Math.max(30, seconds) * 1_000);
  }

  #ask = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (this.busy) return;
    const given = new FormData(event.target as HTMLFormElement);
    this.busy = true;
    this.problem = "";
    try {
      await this.visitor.arrive(String(given.get("nickname") ?? "").trim(), this.speech.language);
      const asked = await this.visitor.http.send<CareSessionShown>("POST", "/care/ask", {
        topic: String(given.get("topic") ?? ""),
        language: String(given.get("language") ?? this.speech.language),
        minor: given.get("minor") !== null,
      });
      if (asked.card) void this.#need(asked.card);
      this.#enter(asked);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      if (error.card) void this.#need(error.card);
      if (error.code === "already_asking") await this.begin();
      else this.problem = this.speech.error(error.code); // what was typed stays
    }
    this.busy = false;
  };

  async #need(kind: string): Promise<void> {
    this.lines = await helplines(this.visitor.http, kind, this.speech.language);
  }

  // ---- waiting and talking

  #enter(session: CareSessionShown): void {
    this.session = session;
    if (!this.#live) {
      this.#live = new Live({
        url: this.visitor.page.live,
        pass: (why) => this.visitor.session.pass(why),
        onState: ({ kind }) => {
          this.state = kind;
        },
      });
      this.#live.start();
    }
    this.#live.join(`care:${session.id}`, {
      snapshot: (data) => {
        const found = data as { session: CareSessionShown; place: Place | null };
        this.place = found.place;
        this.#become(found.session);
      },
      event: (frame) => {
        if (frame.event === "care.changed") this.#become(frame.data as CareSessionShown);
        if (frame.event === "care.erased" && this.session) this.session = { ...this.session, erased: true };
      },
      latest: (frame) => {
        if (frame.event === "place") this.place = frame.data as Place;
      },
    });
    this.#become(session);
  }

  #become(session: CareSessionShown): void {
    this.session = session;
    const me = this.visitor.session.person?.id;
    if (session.state === "active" && session.room && me && this.#live && !this.#conversation) {
      this.#conversation = new Conversation(this.#live, session.room, me);
      this.#conversation.card = (kind) => void this.#need(kind);
      this.#conversation.changed = () => this.#said();
    } else if (session.state !== "active" && this.#conversation) {
      this.#conversation.leave();
      this.#conversation = null;
    }
  }

  #said(): void {
    this.requestUpdate();
    void this.updateComplete.then(() => {
      const list = this.querySelector(".said");
      list?.scrollTo({ top: list.scrollHeight });
    });
  }

  #inSession(session: Session): TemplateResult {
    if (session.state === "waiting") return this.#waiting();
    return session.state === "active" ? this.#talking(session) : this.#over(session);
  }

  #waiting(): TemplateResult {
    const { say } = this.speech;
    const { place } = this;
    return html`<main class="fields" aria-live="polite"><h1>${say("waiting")}</h1>
      <p class="place">${place ? say("place", { count: place.place }) : nothing}
        ${place?.wait_seconds ? say("wait", { span: this.#span(place.wait_seconds) }) : nothing}</p>
      ${place?.form ? html`<p class="notice">${say("form")}</p>${this.#instead("secondary")}` : html`<p class="why">${say("stay")}</p>`}
      ${this.#behind()}
      <button class="plain" @click=${() => void this.#leave(false)}>${say("leave")}</button></main>`;
  }

  #behind(): TemplateResult | typeof nothing {
    const held = this.state === "waiting" || this.state === "connecting";
    return html`<p class="notice" role="status">${held ? this.speech.say("behind") : nothing}</p>`;
  }

  #talking(session: Session): TemplateResult {
    const { say } = this.speech;
    const conversation = this.#conversation;
    const head = session.second
      ? say("withTwo", { name: session.first ?? "", other: session.second })
      : say("with", { name: session.first ?? "" });
    return html`<main class="talk"><header class="top"><h1>${head}</h1>
        <button class="secondary" @click=${() => this.#end(true)}>${say("end")}</button></header>
      ${this.ending ? this.#sure() : nothing}
      ${session.needs_second ? html`<p class="notice" role="status">${say("needsSecond")}</p>` : nothing}
      <div class="said" role="log" aria-label=${say("said")} tabindex="0"><ol>${conversation?.list.map(
        (message) => {
          const own = message.author?.id === this.visitor.session.person?.id;
          return html`<li class=${own ? "own" : ""}><small>${own ? say("you") : (message.author?.name ?? "")}</small>
          <span dir="auto">${message.body}</span>${own && conversation.isSeen(message) ? html`<small>${say("seen")}</small>` : nothing}</li>`;
        },
      )}${[...(conversation?.mine.values() ?? [])].map(
        ({ id, body, code }) =>
          html`<li class="own pending"><small>${say("you")}</small><span dir="auto">${body}</span>${
            code
              ? html`<small class="alert">${say("notSent")} ${this.speech.error(code)}
              <button class="plain" @click=${() => void conversation?.send(body, id)}>${say("again")}</button></small>`
              : html`<small>${say("pending")}</small>`
          }</li>`,
      )}</ol></div>
      <p class="typing" aria-live="off">${conversation?.typist ? say("typing", { name: conversation.typist }) : nothing}</p>
      ${this.#behind()}${this.#composer(session)}</main>`;
  }

  #composer(session: Session): TemplateResult {
    const { say } = this.speech;
    const over = [...this.words].length - MOST;
    const key = (event: KeyboardEvent) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      (event.target as HTMLTextAreaElement).form?.requestSubmit();
    };
    return html`<form class="composer" @submit=${this.#send}>
      <label class="unseen" for="words">${say("write")}</label>
      <textarea id="words" rows="2" dir="auto" placeholder=${say("write")} .value=${this.words} @keydown=${key}
        ?disabled=${session.needs_second === true} aria-invalid=${over > 0 ? "true" : nothing}
        @input=${(event: Event) => {
          this.words = (event.target as HTMLTextAreaElement).value;
          this.#conversation?.typing();
        }}></textarea>
      <button class="primary" aria-label=${say("send")} ?disabled=${!this.words.trim() || over > 0}>${icon("send")}</button>
      ${over > 0 ? html`<p class="alert">${say("tooLong", { count: over })}</p>` : nothing}</form>`;
  }

  #send = (event: SubmitEvent): void => {
    event.preventDefault();
    const body = this.words.trim();
    if (!body || [...body].length > MOST || !this.#conversation) return;
    this.words = "";
    void this.#conversation.send(body);
  };

  #sure(): TemplateResult {
    const { say } = this.speech;
    return html`<div class="row" role="alertdialog" aria-label=${say("endSure")}><p>${say("endSure")}</p>
      <button class="danger" @click=${() => void this.#leave(false)}>${say("endYes")}</button>
      <button class="plain" @click=${() => this.#end(false)}>${say("back")}</button>${this.#concern()}</div>`;
  }

  #end(ending: boolean): void {
    this.ending = ending;
    void this.updateComplete.then(() =>
      this.querySelector<HTMLElement>(ending ? ".danger" : "#words")?.focus(),
    );
  }

  async #leave(form: boolean): Promise<void> {
    const { session } = this;
    this.ending = false;
    if (!session || (session.state !== "waiting" && session.state !== "active")) return;
    await this.visitor.http
      .send("POST", `/care/sessions/${session.id}/leave?form=${form}`)
      .catch(() => undefined); // the socket tells how it stands in any case
    if (!form) this.session = { ...session, state: "left" };
  }

  #over({ state, words, erased }: Session): TemplateResult {
    const { say } = this.speech;
    return html`<main class="fields"><h1>${say(state === "handed_off" ? "handedOff" : "ended")}</h1>
      ${words === "erase" && erased ? html`<p class="why" role="status">${say("endedErase")}</p>` : nothing}
      <div class="row"><button class="primary" @click=${this.#again}>${say("askAgain")}</button>${this.#instead("secondary")}</div>
      ${this.#concern()}</main>`;
  }

  #concern(): TemplateResult | typeof nothing {
    const { session } = this;
    if (!session?.first) return nothing; // nobody had come yet
    return html`<narthex-concern .visitor=${this.visitor} .speech=${this.speech} session=${session.id}
      @in-need=${({ kind }: InNeed) => void this.#need(kind)}></narthex-concern>`;
  }

  #again = async (): Promise<void> => {
    if (this.session) this.#live?.leave(`care:${this.session.id}`);
    this.session = null;
    this.place = null;
    this.lines = null;
    this.offer = null;
    await this.begin();
  };
}
