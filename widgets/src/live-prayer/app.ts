/** `<narthex-live-prayer-app>`: ask for somebody, wait with an honest place in the queue, pray together, leave. */

import { html, LitElement, nothing, type TemplateResult } from "lit";
import { attend } from "../core/attention";
import type { Bridge } from "../core/bridge";
import { type CareSessionShown, CLOSES, type Offer, type Place } from "../core/generated";
import { callable, type Helpline, helplines } from "../core/helplines";
import { HttpError } from "../core/http";
import { icon } from "../core/icons";
import { isComposing } from "../core/keys";
import { Live, type LiveState } from "../core/live";
import { countInTitle } from "../core/title";
import type { Visitor } from "../core/visitor";
import { form, span } from "./ask";
import type { InNeed } from "./concern";
import { Conversation } from "./conversation";
import { said } from "./said";
import type { Speech } from "./speech";

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
    gone: { state: true },
    lines: { state: true },
    ending: { state: true },
    words: { state: true },
  };

  declare visitor: Visitor;
  declare bridge: Bridge;
  declare speech: Speech;
  declare offer: Offer | null;
  declare session: Session | null;
  declare place: Place | null;
  declare state: LiveState["kind"];
  declare busy: boolean;
  declare problem: string;
  declare failed: string;
  /** Why nothing comes any more: the code of what ended the connection or closed a topic to us. */
  declare gone: string;
  declare lines: readonly Helpline[] | null;
  declare ending: boolean;
  /** What is being written. */
  declare words: string;
  #live: Live | null = null;
  #conversation: Conversation | null = null;
  #joined = ""; // the session whose topic we read
  #look: ReturnType<typeof setTimeout> | undefined;
  #shown = true;
  #watched = true; // the reader can see us: neither the page nor its panel is hidden
  #unseen = 0; // what came meanwhile: that somebody is there, and what they said
  #unattend: () => void = () => {};

  constructor() {
    super();
    this.offer = null;
    this.session = null;
    this.place = null;
    this.state = "connecting";
    this.busy = false;
    this.problem = "";
    this.failed = "";
    this.gone = "";
    this.lines = null;
    this.ending = false;
    this.words = "";
  }

  protected override createRenderRoot(): this {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unattend = attend({
      watched: () => this.#watch(),
      network: () => this.#live?.wake(),
    });
    this.#watched = !document.hidden;
    void this.begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#look);
    this.#unattend();
    const live = this.#live;
    this.#joined = "";
    this.#live = this.#conversation = null; // that it ends now is nothing to tell
    live?.stop();
  }

  /** The panel we stand in was opened or closed. */
  shown(shown: boolean): void {
    this.#shown = shown;
    this.#watch();
  }

  /** The reader has turned to us or away; what comes while they are away calls them back. */
  #watch(): void {
    const watched = this.#shown && !document.hidden;
    this.#watched = watched;
    if (this.#conversation) this.#conversation.watched = watched;
    if (!watched) return;
    this.#call(0);
    this.#live?.wake();
    this.#conversation?.read();
  }

  /** Say to the page around us, or in our own title, how much the reader has not seen. */
  #call(unseen: number): void {
    this.#unseen = unseen;
    countInTitle(unseen);
    this.bridge.send({ type: "unread", count: unseen, mentions: 0 });
  }

  #came = (): void => {
    if (!this.#watched) this.#call(this.#unseen + 1);
  };

  /** Go on with what this visitor is in already, or tell whether somebody is there. */
  begin = async (): Promise<void> => {
    clearTimeout(this.#look);
    if (this.failed) this.gone = ""; // what kept us out may be over
    this.failed = "";
    try {
      const current = await this.#current();
      if (current) this.#enter(current);
      else await this.#without();
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.failed = error.code;
      if (this.session) this.gone ||= error.code;
    }
    if (this.failed || (!this.session && !this.offer?.open)) this.#look = setTimeout(this.begin, LOOK_MS);
  };

  async #current(): Promise<CareSessionShown | null> {
    const { http, session } = this.visitor;
    if (!session.person) return null;
    return http.get<CareSessionShown | null>("/care/current").catch((error: unknown) => {
      if (!session.person) return null; // their session has ended: they are nobody any more, and wait for nobody
      throw error;
    });
  }

  /** Nothing is going on: a conversation we lost has ended meanwhile, and who waited may ask anew. */
  async #without(): Promise<void> {
    if (this.session?.state === "active") this.#become({ ...this.session, state: "ended" });
    else if (this.session?.state === "waiting") this.#forget();
    this.offer = await this.visitor.http.get<Offer>("/care/offer");
  }

  protected override render(): TemplateResult {
    return html`${this.lines ? this.#care(this.lines) : nothing}${this.#stage()}`;
  }

  #stage(): TemplateResult {
    const { say } = this.speech;
    const { church } = this.visitor.page;
    const began = this.offer || this.session || this.failed; // until then we know what the page said
    if (this.failed === "church_suspended" || (!began && church.status === "suspended"))
      return html`<main class="fields"><p>${say("paused", { church: church.name })}</p></main>`;
    if (this.session) return this.#inSession(this.session);
    if (this.failed)
      return html`<main class="fields"><h1>${say("title")}</h1><p class="alert" role="alert">${say("failed")}</p>
        <button class="secondary" @click=${this.begin}>${say("retry")}</button></main>`;
    if (!this.offer)
      return html`<main class="fields"><h1>${say("title")}</h1><div class="bone" aria-busy="true"></div></main>`;
    const { speech, visitor, busy, problem } = this;
    const asking = { offer: this.offer, speech, visitor, busy, problem, submit: this.#ask };
    return this.offer.open ? form(asking) : this.#nobody(say("nobody"));
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
    } finally {
      this.busy = false;
    }
  };

  async #need(kind: string): Promise<void> {
    this.lines = await helplines(this.visitor.http, kind, this.speech.language);
  }

  // ---- waiting and talking

  #enter(session: CareSessionShown): void {
    const live = this.#live ?? this.#connect();
    if (this.#joined !== session.id) this.#join(live, session.id);
    this.#become(session);
    this.#conversation?.again();
    if (live.state.kind === "ended" && !this.gone) live.restart(); // it ended for good; this is another beginning
  }

  #join(live: Live, id: string): void {
    this.#joined = id;
    live.join(`care:${id}`, {
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
      away: ({ code }) => {
        this.#joined = "";
        this.#closed(code);
      },
    });
  }

  /** A topic is closed to us; of a conversation that is over nobody reads on anyway. */
  #closed = (code: string): void => {
    if (this.session?.state === "waiting" || this.session?.state === "active") this.gone = code;
  };

  #connect(): Live {
    const live = new Live({
      url: this.visitor.page.live,
      pass: (why) => this.visitor.session.pass(why),
      onState: (state) => {
        if (this.#live !== live) return;
        this.state = state.kind;
        if (state.kind === "online" && this.gone === "ended") void this.#retry(); // it let us in again by itself
        if (state.kind !== "ended") return;
        this.gone = state.code === CLOSES.BANNED ? "banned" : "ended";
        if (state.code === CLOSES.NOT_ALLOWED) void this.begin(); // paused, or what else?
      },
    });
    this.#live = live;
    live.start();
    return live;
  }

  /** Come in again, because the reader asks for it. */
  #retry = async (): Promise<void> => {
    this.gone = "";
    await this.begin();
  };

  #become(session: CareSessionShown): void {
    const before = this.session?.state;
    this.session = session;
    if (session.state === "active" && before !== "active") this.#came();
    const me = this.visitor.session.person?.id;
    if (session.state === "active" && session.room && me && this.#live && !this.#conversation) {
      this.#conversation = new Conversation(this.#live, session.room, me);
      this.#conversation.card = (kind) => void this.#need(kind);
      this.#conversation.changed = () => this.#said();
      this.#conversation.spoken = this.#came;
      this.#conversation.lost = this.#closed;
      this.#conversation.watched = this.#watched;
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
    if (this.gone)
      return html`<main class="fields"><h1>${say("title")}</h1>${this.#behind()}${this.#instead("secondary")}</main>`;
    return html`<main class="fields" aria-live="polite"><h1>${say("waiting")}</h1>
      <p class="place">${place ? say("place", { count: place.place }) : nothing}
        ${place?.wait_seconds ? say("wait", { span: span(place.wait_seconds, this.speech) }) : nothing}</p>
      ${place?.form ? html`<p class="notice">${say("form")}</p>${this.#instead("secondary")}` : html`<p class="why">${say("stay")}</p>`}
      ${this.#behind()}
      <button class="plain" @click=${() => void this.#leave(false)}>${say("leave")}</button></main>`;
  }

  /** That nothing comes just now, or not any more and what can be done. */
  #behind(): TemplateResult {
    const { say } = this.speech;
    if (this.gone)
      return html`<div class="row" role="alert"><p class="alert">${this.gone === "banned" ? this.speech.error("banned") : say("lost")}</p>
        <button class="primary" @click=${this.#retry}>${say("retry")}</button></div>`;
    return html`<p class="notice" role="status">${this.state === "online" ? nothing : say("behind")}</p>`;
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
      ${said(conversation, this.speech, this.visitor.session.person?.id)}
      <p class="typing" aria-live="off">${conversation?.typist ? say("typing", { name: conversation.typist }) : nothing}</p>
      ${this.#behind()}${this.gone ? nothing : this.#composer(session)}</main>`;
  }

  #composer(session: Session): TemplateResult {
    const { say } = this.speech;
    const over = [...this.words].length - MOST;
    const key = (event: KeyboardEvent) => {
      if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
      event.preventDefault();
      (event.target as HTMLTextAreaElement).form?.requestSubmit();
    };
    return html`<form class="composer" @submit=${this.#send}>
      <label class="unseen" for="words">${say("write")}</label>
      <textarea id="words" rows="2" dir="auto" enterkeyhint="send" placeholder=${say("write")} .value=${this.words} @keydown=${key}
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
    this.#forget();
    this.lines = null;
    this.offer = null;
    await this.begin();
  };

  #forget(): void {
    if (this.session) this.#live?.leave(`care:${this.session.id}`);
    this.#joined = "";
    this.session = null;
    this.place = null;
    this.gone = "";
  }
}
