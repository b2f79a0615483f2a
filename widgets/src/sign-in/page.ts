/**
 * `<narthex-sign-in-page>`: e-mail and password, the code of a second factor once the server asks for it, and then back
 * to whoever opened this page.
 */

import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { Opener, SignedIn } from "../core/elsewhere";
import type { Me, Tokens } from "../core/generated";
import { Http, HttpError } from "../core/http";
import type { Page } from "../core/page";
import type { Speech } from "./speech";

/** What is on the page: the form, or who is signed in and whether somebody else goes on with it. */
type Outcome = { readonly name: string; readonly told: boolean } | null;

export class NarthexSignInPage extends LitElement {
  static override properties = {
    busy: { state: true },
    problem: { state: true },
    wrong: { state: true },
    note: { state: true },
    asksCode: { state: true },
    recovery: { state: true },
    outcome: { state: true },
  };

  declare page: Page;
  declare speech: Speech;
  /** The page that opened this one; null when nobody waits for the outcome. */
  declare opener: Opener | null;
  /** Keep the outcome in this browser, for when nobody waits for it. */
  declare keep: (signedIn: SignedIn) => void;
  declare busy: boolean;
  /** What was wrong with the last try, as a sentence, and the field where it can be mended. */
  declare problem: string;
  declare wrong: string;
  declare note: string;
  declare asksCode: boolean;
  declare recovery: boolean;
  declare outcome: Outcome;

  constructor() {
    super();
    this.opener = null;
    this.busy = false;
    this.problem = "";
    this.wrong = "";
    this.note = "";
    this.asksCode = false;
    this.recovery = false;
    this.outcome = null;
  }

  protected override createRenderRoot(): this {
    return this;
  }

  protected override render(): TemplateResult {
    const { say } = this.speech;
    const { name: church, status } = this.page.church;
    const view = this.outcome
      ? this.#done(this.outcome)
      : html`<h1>${say("signInTo", { church })}</h1>
          ${status === "suspended" ? html`<p>${say("paused", { church })}</p>` : this.#form()}`;
    return html`<main class="fields">${view}</main>`;
  }

  #form(): TemplateResult {
    const { say } = this.speech;
    return html`<form @submit=${this.#submit} aria-busy=${this.busy}>
      <label for="email">${say("email")}</label>
      <input id="email" name="email" type="email" autocomplete="username" required maxlength="254"
        autocapitalize="none" spellcheck="false" dir="ltr" />
      <label for="password">${say("password")}</label>
      <input id="password" name="password" type="password" autocomplete="current-password" required maxlength="1024"
        dir="ltr" aria-invalid=${this.#isWrong("password", "true")} aria-describedby=${this.#isWrong("password", "problem")} />
      ${this.asksCode ? this.#code() : nothing}
      ${this.problem ? html`<p class="alert" id="problem" role="alert">${this.problem}</p>` : nothing}
      <button class="primary">${this.busy ? say("working") : say("signIn")}</button>
      <button class="plain" type="button" @click=${this.#forgot}>${say("forgot")}</button>
      <p class="why" role="status">${this.note}</p>
    </form>`;
  }

  #code(): TemplateResult {
    const { say } = this.speech;
    const { recovery } = this;
    const invalid = this.#isWrong("totp", "true");
    const described = invalid === nothing ? "totp-hint" : "totp-hint problem";
    return html`<label for="totp">${say(recovery ? "recovery" : "code")}</label>
      ${
        recovery
          ? html`<input id="totp" name="totp" autocomplete="off" autocapitalize="none" spellcheck="false" required
              maxlength="24" dir="ltr" aria-invalid=${invalid} aria-describedby=${described} />`
          : html`<input id="totp" name="totp" autocomplete="one-time-code" inputmode="numeric" required maxlength="10"
              pattern="[0-9 ]{6,}" dir="ltr" aria-invalid=${invalid} aria-describedby=${described} />`
      }
      <p class="why" id="totp-hint">${say(recovery ? "recoveryHint" : "codeHint")}</p>
      <button class="plain" type="button" @click=${this.#switch}>${say(recovery ? "useApp" : "useRecovery")}</button>`;
  }

  /** Return the value of an attribute that only the field with the problem has. */
  #isWrong(field: string, value: string): string | typeof nothing {
    return this.wrong === field ? value : nothing;
  }

  #done({ name, told }: NonNullable<Outcome>): TemplateResult {
    const { say } = this.speech;
    return html`<h1 tabindex="-1">${say("signedIn", { name })}</h1>
      ${
        told
          ? html`<p>${say("closeIt")}</p>`
          : html`<a class="primary" href=${`/w/${encodeURIComponent(this.page.church.slug)}/chat`}>${say("openChat")}</a>`
      }`;
  }

  // ---- what is pressed

  #submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (this.busy) return;
    const given = new FormData(event.target as HTMLFormElement);
    const text = (name: string) => String(given.get(name) ?? "");
    const totp = text("totp").replaceAll(" ", "");
    this.#begin();
    try {
      const asker = await this.opener?.asker();
      const tokens = await new Http(this.page.api).send<Tokens>("POST", "/auth/widget/sign-in", {
        email: text("email").trim(),
        password: text("password"),
        ...(totp ? { totp } : {}),
        ...asker,
      });
      const { name } = await new Http(this.page.api, async () => tokens.access_token).get<Me>("/auth/me");
      await this.#finish({ tokens, name }, asker !== undefined);
    } catch (error) {
      this.#refused(error);
    }
    this.busy = false;
  };

  async #finish(signedIn: SignedIn, told: boolean): Promise<void> {
    this.outcome = { name: signedIn.name, told };
    if (told) this.opener?.tell(signedIn);
    else this.keep(signedIn);
    await this.updateComplete;
    this.querySelector("h1")?.focus();
    if (told) window.close(); // browsers refuse it for a page that nobody opened, and then the words stay
  }

  #forgot = async (): Promise<void> => {
    const email = this.querySelector<HTMLInputElement>("#email");
    if (this.busy || !email?.reportValidity()) return;
    this.#begin();
    try {
      const to = email.value.trim();
      await new Http(this.page.api).send("POST", "/links/forgot", { email: to });
      this.note = this.speech.say("letterSent", { email: to });
    } catch (error) {
      this.#refused(error);
    }
    this.busy = false;
  };

  #switch = (): void => {
    this.recovery = !this.recovery;
    this.#begin();
    this.busy = false;
    void this.#focus("totp");
  };

  #begin(): void {
    this.busy = true;
    this.problem = "";
    this.wrong = "";
    this.note = "";
  }

  /** Say why, keep what was typed, and put the focus where it can be mended. */
  #refused(error: unknown): void {
    if (!(error instanceof HttpError)) throw error;
    const { code, retryAfter } = error;
    if (code === "totp_required") {
      this.asksCode = true;
      void this.#focus("totp");
      return;
    }
    this.problem =
      code === "limited" && retryAfter
        ? this.speech.say("tooMany", { span: this.speech.dates.span(retryAfter * 1_000) })
        : this.speech.error(code);
    this.wrong = code === "bad_totp" ? "totp" : code === "bad_credentials" ? "password" : "";
    if (this.wrong) void this.#focus(this.wrong);
  }

  async #focus(id: string): Promise<void> {
    await this.updateComplete;
    const input = this.querySelector<HTMLInputElement>(`#${id}`);
    input?.focus();
    input?.select();
  }
}
