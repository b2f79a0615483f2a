/** `<narthex-console church="grace" name="Grace Church">`: decides which of the console's views is shown. */

import { html, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { ApiError, ConsoleApi, type Session } from "./api";
import { type MailedLink, takeLink } from "./links/link";
import type { LinkDone } from "./links/page";
import type { SignedIn } from "./sign-in";
import { ConsoleElement } from "./view";

type View =
  | { readonly kind: "loading" | "insecure" | "which" | "no-church" | "forgot" }
  | { readonly kind: "signed-out"; readonly email?: string; readonly sentence?: string }
  | { readonly kind: "link"; readonly link: MailedLink }
  | { readonly kind: "failed"; readonly error: ApiError }
  | { readonly kind: "signed-in"; readonly session: Session };

export class NarthexConsole extends ConsoleElement {
  static override properties = {
    church: {},
    name: {},
    secure: { attribute: false },
    view: { state: true },
  };

  /** The church's short name; without the attribute, the part after /console/ in the address. */
  declare church: string;
  declare name: string;
  /** False on a plain-http address that is not this computer: browsers keep no secure cookie there. */
  declare secure: boolean;
  declare view: View;
  #api!: ConsoleApi;
  #link: MailedLink | null = null;

  constructor() {
    super();
    this.church = "";
    this.name = "";
    this.secure = window.isSecureContext;
    this.view = { kind: "loading" };
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.church ||= churchOf(window.location.pathname);
    window.addEventListener("online", this.#backOnline);
    window.addEventListener("hashchange", this.#follow);
    this.#link = takeLink(window);
    void this.#begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("online", this.#backOnline);
    window.removeEventListener("hashchange", this.#follow);
  }

  async #begin(): Promise<void> {
    if (!this.secure) this.view = { kind: "insecure" };
    else if (!this.church) this.view = { kind: "which" };
    else {
      this.#api = new ConsoleApi(this.church);
      this.#api.onSignedOut = (code) => {
        const sentence = this.say.codes[code] ?? this.say.codes.unauthenticated ?? "";
        if (this.view.kind === "signed-in") this.view = { kind: "signed-out", sentence };
      };
      if (this.#link) this.view = { kind: "link", link: this.#link };
      else await this.#load();
    }
  }

  /** Somebody opened a letter's link in a tab where the console is open already. */
  #follow = (): void => {
    const link = takeLink(window);
    if (!link) return;
    this.#link = link;
    if (this.#api) this.view = { kind: "link", link };
  };

  #signedIn = (event: SignedIn): void => {
    this.view = { kind: "signed-in", session: event.session };
  };

  #load = async (): Promise<void> => {
    this.view = { kind: "loading" };
    try {
      const session = await this.#api.session();
      this.view = session ? { kind: "signed-in", session } : { kind: "signed-out" };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.view = error.status === 404 ? { kind: "no-church" } : { kind: "failed", error };
    }
  };

  #backOnline = (): void => {
    if (this.view.kind === "failed") void this.#load();
  };

  protected override updated(): void {
    if (this.view.kind !== "signed-in") document.title = `${this.say.signInTitle} · ${this.say.product}`;
  }

  #churchName(): string {
    const told = this.view.kind === "signed-in" ? this.view.session.church?.name : "";
    return told || this.name || this.church;
  }

  protected override render(): TemplateResult {
    const inside = this.view.kind === "signed-in";
    return html`
      <header>
        <span class="product">${this.say.product}</span>
        ${inside ? html`<span class="church">${this.#churchName()}</span>` : ""}
      </header>
      ${inside ? this.#view() : html`<main class="card">${this.#view()}</main>`}
    `;
  }

  #view(): TemplateResult {
    const view = this.view;
    switch (view.kind) {
      case "loading":
        return this.#skeleton();
      case "insecure":
        return this.#insecure();
      case "which":
        return this.#which();
      case "no-church":
        return this.#noChurch();
      case "failed":
        return this.#failed(view.error);
      case "signed-out":
        return html`<narthex-sign-in .church=${this.#churchName()} .api=${this.#api}
          .email=${view.email ?? ""} .sentence=${view.sentence ?? ""} @signed-in=${this.#signedIn}
          @forgot=${() => {
            this.view = { kind: "forgot" };
          }}></narthex-sign-in>`;
      case "forgot":
        return html`<narthex-forgot .api=${this.#api}
          @back=${() => {
            this.view = { kind: "signed-out" };
          }}></narthex-forgot>`;
      case "link":
        return html`${keyed(
          view.link.token,
          html`<narthex-link .church=${this.#churchName()} .api=${this.#api} .link=${view.link}
            @signed-in=${this.#signedIn}
            @link-done=${({ email, sentence }: LinkDone) => {
              this.view = { kind: "signed-out", email, sentence };
            }}></narthex-link>`,
        )}`;
      case "signed-in":
        return html`<narthex-home .church=${this.#churchName()} .slug=${this.church} .api=${this.#api}
          .session=${view.session} @signed-out=${() => {
            this.view = { kind: "signed-out" };
          }}></narthex-home>`;
    }
  }

  /** The shape of the form to come; it appears only after 300 ms, so a quick answer never flickers. */
  #skeleton(): TemplateResult {
    return html`
      <div class="skeleton" role="status" aria-label=${this.say.loading}>
        <span class="bone title"></span><span class="bone label"></span><span class="bone field"></span>
        <span class="bone label"></span><span class="bone field"></span><span class="bone field"></span>
      </div>
    `;
  }

  #insecure(): TemplateResult {
    const { host, pathname } = window.location;
    const safe = `https://${host}${pathname}`;
    const link = this.#link ? `#${this.#link.kind}=${this.#link.token}` : "";
    return html`
      <h1>${this.say.insecureTitle}</h1>
      <p>${this.say.insecure}</p>
      <p><a class="safe" href=${safe + link}>${safe}</a></p>
      <p class="hint">${this.say.insecureHost}</p>
    `;
  }

  #which(): TemplateResult {
    const go = (event: SubmitEvent) => {
      event.preventDefault();
      const slug = String(new FormData(event.target as HTMLFormElement).get("church") ?? "");
      window.location.assign(`/console/${encodeURIComponent(slug.trim().toLowerCase())}`);
    };
    return html`
      <h1>${this.say.whichTitle}</h1>
      <form @submit=${go}>
        <label for="church">${this.say.which}</label>
        <input id="church" name="church" required maxlength="63" autocapitalize="none" spellcheck="false"
          autocomplete="organization" aria-describedby="church-hint" />
        <p class="hint" id="church-hint">${this.say.whichHint}</p>
        <button class="primary">${this.say.whichGo}</button>
      </form>
    `;
  }

  #noChurch(): TemplateResult {
    return html`
      <h1>${this.say.whichTitle}</h1>
      <p class="alert" role="alert">${this.say.noChurch(this.church)}</p>
      <p><a class="button" href="/console">${this.say.another}</a></p>
    `;
  }

  #failed(error: ApiError): TemplateResult {
    const known = error.status > 0 && error.status < 500 ? error.detail : ""; // a paused church says so itself
    return html`
      <h1>${this.say.signInTitle}</h1>
      <p class="alert" role="alert">${error.offline ? this.say.offline : known || this.say.failed}</p>
      <button class="primary" @click=${this.#load}>${this.say.again}</button>
    `;
  }
}

/** Return the church in a console address, or nothing: `/console/grace/live` is of grace. */
export function churchOf(path: string): string {
  return decodeURIComponent(/^\/console\/([^/]+)(?:\/|$)/.exec(path)?.[1] ?? "");
}
