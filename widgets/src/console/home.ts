/** `<narthex-home>`: the way between the pages, and the page that is open. */

import { html, nothing, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { icon } from "../core/icons";
import type { ConsoleApi, Session } from "./api";
import type { OpenRoom } from "./gatherings/page";
import { liveAddress } from "./live/desk";
import { type Page, type PageName, pageAt, pagesFor, teamsFor } from "./pages";
import type { GoTo } from "./queue/page";
import { ConsoleElement } from "./view";
import type { LookAt } from "./watch/alarms";
import { Watch } from "./watch/watch";
import { homeWords } from "./words/home";

/** Where to look at what rings, if not in the queue. */
const PAGE_OF: Readonly<Record<string, PageName>> = { care: "care", note: "live" };

export class NarthexHome extends ConsoleElement {
  static override properties = {
    church: {},
    slug: {},
    session: { attribute: false },
    api: { attribute: false },
    page: { state: true },
    waiting: { state: true },
  };

  declare church: string;
  /** The church's short name, as in addresses. */
  declare slug: string;
  declare session: Session;
  declare api: ConsoleApi;
  declare page: PageName;
  /** How many cases wait, shown beside the queue's name. */
  declare waiting: number;
  /** What waits and rings; null for who works on no queue. */
  #watch: Watch | null = null;
  #arrived = 0; // a page that is opened for something begins anew
  readonly #words = homeWords[this.language];

  constructor() {
    super();
    this.slug = "";
    this.page = "account";
    this.waiting = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("popstate", this.#read);
    window.addEventListener("resize", this.#showWhere);
    this.#begin();
    this.#read();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("popstate", this.#read);
    window.removeEventListener("resize", this.#showWhere);
    this.#watch?.stop();
    this.#watch = null;
  }

  #begin(): void {
    const { person } = this.session;
    const teams = teamsFor(person.roles);
    if (!teams.length) return;
    const watch = new Watch(
      this.api,
      liveAddress(window.location, this.slug),
      person.id,
      teams,
      this.language,
    );
    this.#watch = watch;
    watch.listen(() => {
      this.waiting = watch.cases.waiting;
    });
    watch.start();
  }

  #read = (): void => {
    this.page = pageAt(window.location.pathname, this.session.person.roles);
  };

  protected override updated(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("page") || changed.has("waiting")) this.#showWhere();
    if (!changed.has("page")) return;
    document.title = `${this.#words.pages[this.page]} · ${this.church}`;
    void this.focusOn("main h1");
  }

  /** Where one is stays in sight, also on a phone that is turned. Only the row moves, never the page. */
  #showWhere = (): void => {
    const row = this.querySelector("nav ul");
    const current = row?.querySelector('[aria-current="page"]');
    if (!row || !current) return;
    const [inner, outer] = [current.getBoundingClientRect(), row.getBoundingClientRect()];
    if (inner.left < outer.left) row.scrollLeft += inner.left - outer.left;
    else if (inner.right > outer.right) row.scrollLeft += inner.right - outer.right;
  };

  protected override render(): TemplateResult {
    const pages = pagesFor(this.session.person.roles);
    return html`
      <a class="skip" href="#page" @click=${this.#skip}>${this.#words.skip}</a>
      <nav aria-label=${this.#words.navigation}>
        <ul>${pages.map((page) => this.#entry(page))}</ul>
      </nav>
      <main id="page" class="page" tabindex="-1" @look-at=${this.#lookAt} @go-to=${this.#goTo}>
        ${this.#watch ? html`<narthex-alarms .api=${this.api} .watch=${this.#watch}></narthex-alarms>` : nothing}
        ${keyed(this.#arrived, this.#page())}
      </main>
    `;
  }

  #entry({ name, icon: drawn }: Page): TemplateResult {
    const current = name === this.page;
    return html`<li>
      <a href=${this.#address(name)} aria-current=${current ? "page" : "false"} @click=${this.#go}
        data-page=${name}>${icon(drawn)} ${this.#words.pages[name]}
        ${name === "queue" && this.waiting ? html`<span class="badge waiting">${this.waiting}</span>` : nothing}</a>
    </li>`;
  }

  #address(name: PageName): string {
    return `/console/${encodeURIComponent(this.slug)}/${name}`;
  }

  #go = (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return; // a new tab, as asked
    event.preventDefault();
    const { page } = (event.currentTarget as HTMLElement).dataset;
    window.history.pushState(null, "", this.#address(page as PageName));
    this.#read();
  };

  #openRoom = ({ room }: OpenRoom): void => this.#open("live", { room });

  /** Open a page for something, also when that page is open already. */
  #open(page: PageName, about: Record<string, string>): void {
    const query = new URLSearchParams(about).toString();
    window.history.pushState(null, "", `${this.#address(page)}${query ? `?${query}` : ""}`);
    this.#arrived += 1;
    this.#read();
    this.requestUpdate();
  }

  /** Show what an alarm is about: a conversation at the care desk, a note beside the rooms, all else in the queue. */
  #lookAt = ({ alarm }: LookAt): void => {
    const about: string = alarm.about;
    const mine = pagesFor(this.session.person.roles).some(({ name }) => name === PAGE_OF[about]);
    const subject = alarm.subject ?? "";
    if (mine && about === "note")
      this.#open("live", {}); // all notes stand there, those of a need too
    else if (mine) this.#open("care", subject ? { conversation: subject } : {});
    else this.#open("queue", subject ? { subject } : {});
  };

  #goTo = ({ conversation }: GoTo): void => this.#open("care", { conversation });

  #skip = (event: MouseEvent): void => {
    event.preventDefault(); // the fragment of an address belongs to letters
    void this.focusOn("main");
  };

  #page(): TemplateResult {
    const { api, session, church, slug } = this;
    switch (this.page) {
      case "queue":
        return html`<narthex-queue .api=${api} .session=${session} .watch=${this.#watch}></narthex-queue>`;
      case "care":
        return html`<narthex-care .api=${api} .session=${session} .watch=${this.#watch}></narthex-care>`;
      case "prayers":
        return html`<narthex-prayers .api=${api} .session=${session}></narthex-prayers>`;
      case "rota":
        return html`<narthex-rota .api=${api} .session=${session}></narthex-rota>`;
      case "live":
        return html`<narthex-live .api=${api} .slug=${slug} .session=${session}></narthex-live>`;
      case "gatherings":
        return html`<narthex-gatherings .api=${api} @open-room=${this.#openRoom}></narthex-gatherings>`;
      case "safety":
        return html`<narthex-safety .api=${api} .session=${session}></narthex-safety>`;
      case "widgets":
        return html`<narthex-snippet .api=${api} .slug=${slug} .church=${church}></narthex-snippet>`;
      case "people":
        return html`<narthex-people .api=${api} .session=${session}></narthex-people>`;
      case "audit":
        return html`<narthex-audit .api=${api}></narthex-audit>`;
      case "account":
        return html`<narthex-account .api=${api} .session=${session}></narthex-account>`;
    }
  }
}
