/** `<narthex-link>`: the page behind a link of a letter. It says what the link is for, and does it when asked. */

import { html, nothing, type TemplateResult } from "lit";
import type { LinkTold } from "../../core/generated";
import { ApiError, AT, type ConsoleApi, type Session } from "../api";
import { field, typed, type Wrong, wrongIn } from "../field";
import { SignedIn } from "../sign-in";
import { alert, bones, ConsoleElement } from "../view";
import { linkWords } from "../words/links";
import type { MailedLink } from "./link";

/** Fired when the link has done its work and its owner goes on to the sign-in. */
export class LinkDone extends Event {
  constructor(
    readonly email: string,
    readonly sentence: string,
  ) {
    super("link-done");
  }
}

type State =
  | { readonly kind: "looking" | "over" }
  | { readonly kind: "failed"; readonly sentence: string }
  | { readonly kind: "ready"; readonly told: LinkTold };

const LEAST_PASSWORD = 10;

export class NarthexLink extends ConsoleElement {
  static override properties = {
    church: {},
    api: { attribute: false },
    link: { attribute: false },
    state: { state: true },
    busy: { state: true },
    error: { state: true },
    wrong: { state: true },
    shown: { state: true },
  };

  declare church: string;
  declare api: ConsoleApi;
  declare link: MailedLink;
  declare state: State;
  declare busy: boolean;
  declare error: string;
  declare wrong: Wrong;
  declare shown: boolean;
  readonly #words = linkWords[this.language];

  constructor() {
    super();
    this.state = { kind: "looking" };
    this.busy = false;
    this.error = "";
    this.wrong = {};
    this.shown = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#look();
  }

  #look = async (): Promise<void> => {
    this.state = { kind: "looking" };
    try {
      const told = await this.api.send<LinkTold>("POST", AT.look, this.link);
      this.state = { kind: "ready", told };
    } catch (error) {
      this.state = isOver(error) ? { kind: "over" } : { kind: "failed", sentence: this.why(error) };
    }
    void this.focusOn("h1");
  };

  protected override render(): TemplateResult {
    switch (this.state.kind) {
      case "looking":
        return bones(this.#words.looking);
      case "over":
        return this.#over();
      case "failed":
        return html`
          <h1 tabindex="-1">${this.church}</h1>
          ${alert(this.state.sentence)}
          <button class="primary" @click=${this.#look}>${this.say.again}</button>
        `;
      case "ready":
        return this.#ready(this.state.told);
    }
  }

  /** The link is used up or too old: say so, and offer the way on. */
  #over(): TemplateResult {
    const { kind } = this.link;
    const words = this.#words[kind];
    const asks = kind === "reset" || kind === "register";
    return html`
      <h1 tabindex="-1">${words.over}</h1>
      <p>${words.overWhy}</p>
      ${asks ? html`<narthex-forgot inside kind=${kind} .api=${this.api}></narthex-forgot>` : nothing}
      <button class=${asks ? "link" : "primary"} type="button" @click=${() => this.#leave("", "")}>
        ${this.#words.toSignIn}
      </button>
    `;
  }

  #ready(told: LinkTold): TemplateResult {
    const words = this.#words[this.link.kind];
    const title = typeof words.title === "string" ? words.title : words.title(this.church);
    const known = this.link.kind === "invite" && told.has_account;
    return html`
      <h1 tabindex="-1">${title}</h1>
      <p>${known ? this.#words.invite.known(told.email) : words.intro(told.email)}</p>
      <form @submit=${this.#submit} aria-busy=${this.busy}>
        ${alert(this.error)}
        <input type="hidden" name="username" autocomplete="username" .value=${told.email} />
        ${this.#asksName(told) ? this.#name(told) : nothing}
        ${this.#asksPassword(told) ? this.#password() : nothing}
        <button class="primary" ?disabled=${this.busy}>${this.busy ? this.#words.working : words.go}</button>
      </form>
    `;
  }

  #asksName({ has_account }: LinkTold): boolean {
    return this.link.kind === "register" || (this.link.kind === "invite" && !has_account);
  }

  #asksPassword(told: LinkTold): boolean {
    return this.link.kind === "reset" || this.#asksName(told);
  }

  #name(told: LinkTold): TemplateResult {
    const { name, nameHint } = this.#words;
    const error = this.wrong.name;
    return field({
      name: "name",
      label: name,
      value: told.name,
      hint: nameHint,
      autocomplete: "name",
      most: 100,
      error,
    });
  }

  #password(): TemplateResult {
    const words = this.#words;
    return html`
      ${field({
        name: "password",
        label: words.newPassword,
        type: this.shown ? "text" : "password",
        hint: words.rules,
        autocomplete: "new-password",
        most: 256,
        error: this.wrong.password,
      })}
      <label class="check">
        <input type="checkbox" .checked=${this.shown}
          @change=${(event: Event) => {
            this.shown = (event.target as HTMLInputElement).checked;
          }} />
        ${words.show}
      </label>
    `;
  }

  #submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (this.busy || this.state.kind !== "ready") return;
    const form = event.target as HTMLFormElement;
    const given = { name: typed(form, "name").trim(), password: typed(form, "password") };
    const { told } = this.state;
    this.error = "";
    this.wrong = this.#check(told, given);
    if (Object.keys(this.wrong).length) return void this.#mend();
    this.busy = true;
    try {
      await this.#use(told, given);
      await this.#done(told, given.password);
    } catch (error) {
      this.#refused(error);
    } finally {
      this.busy = false;
    }
  };

  /** See what the server would refuse anyway, before anything is sent. */
  #check(told: LinkTold, given: { name: string; password: string }): Wrong {
    return {
      ...(this.#asksName(told) && !given.name ? { name: this.say.codes.bad_name as string } : {}),
      ...(this.#asksPassword(told) && [...given.password].length < LEAST_PASSWORD
        ? { password: this.say.codes.too_short as string }
        : {}),
    };
  }

  async #use(told: LinkTold, { name, password }: { name: string; password: string }): Promise<void> {
    const { kind, token } = this.link;
    const paths = {
      invite: AT.accept,
      register: AT.confirmRegistration,
      reset: AT.reset,
      email: AT.confirmEmail,
    };
    await this.api.send("POST", paths[kind], {
      token,
      ...(this.#asksName(told) ? { name } : {}),
      ...(this.#asksPassword(told) ? { password } : {}),
    });
  }

  /** A new account signs in by itself; everybody else is told that it is done. */
  async #done(told: LinkTold, password: string): Promise<void> {
    if (this.#asksName(told)) {
      const session = await this.api
        .signIn({ email: told.email, password })
        .catch((): Session | null => null);
      if (session) {
        this.dispatchEvent(new SignedIn(session));
        return;
      }
    }
    this.#leave(told.email, this.#words[this.link.kind].done);
  }

  #refused(error: unknown): void {
    if (isOver(error)) {
      this.state = { kind: "over" };
      void this.focusOn("h1");
      return;
    }
    this.wrong = wrongIn(error, this.say);
    this.error = Object.keys(this.wrong).length ? "" : this.why(error);
    void this.#mend();
  }

  #mend(): Promise<void> {
    return this.focusOn('[aria-invalid="true"], button.primary');
  }

  #leave(email: string, sentence: string): void {
    this.dispatchEvent(new LinkDone(email, sentence));
  }
}

/** A link that is over, was cut short in the letter, or that nobody ever sent: all the same to its reader. */
function isOver(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return error.code === "link_over" || error.errors.some(({ pointer }) => pointer === "/token");
}
