/** `<narthex-sign-in>`: e-mail and password, and the code of a second factor once the server asks for it. */

import { html, nothing, type TemplateResult } from "lit";
import { ApiError, type ConsoleApi, type Credentials, type Session } from "./api";
import { alert, ConsoleElement, notice } from "./view";
import { linkWords } from "./words/links";

/** Fired, with the session, when the server accepted the sign-in. */
export class SignedIn extends Event {
  constructor(readonly session: Session) {
    super("signed-in");
  }
}

export class NarthexSignIn extends ConsoleElement {
  static override properties = {
    church: {},
    email: {},
    sentence: {},
    api: { attribute: false },
    busy: { state: true },
    error: { state: true },
    asksCode: { state: true },
    recovery: { state: true },
  };

  /** The church's name as people know it. */
  declare church: string;
  /** The address to begin with. */
  declare email: string;
  /** What was done before this page came. */
  declare sentence: string;
  declare api: ConsoleApi;
  declare busy: boolean;
  declare error: string;
  declare asksCode: boolean;
  declare recovery: boolean;

  constructor() {
    super();
    this.email = "";
    this.sentence = "";
    this.busy = false;
    this.error = "";
    this.asksCode = false;
    this.recovery = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("online", this.#backOnline);
  }

  protected override firstUpdated(): void {
    if (this.sentence) void this.focusOn(this.email ? "#password" : "#email");
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("online", this.#backOnline);
  }

  protected override render(): TemplateResult {
    return html`
      <h1 tabindex="-1">${this.say.signInTo(this.church)}</h1>
      ${notice(this.sentence)}
      <form @submit=${this.#submit} aria-busy=${this.busy}>
        ${alert(this.error)}
        <label for="email">${this.say.email}</label>
        <input id="email" name="email" type="email" autocomplete="username" required maxlength="254"
          autocapitalize="none" spellcheck="false" .defaultValue=${this.email} />
        <label for="password">${this.say.password}</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required
          maxlength="1024" />
        ${this.asksCode ? this.#code() : nothing}
        <button class="primary" ?disabled=${this.busy}>
          ${this.busy ? this.say.signingIn : this.say.signIn}
        </button>
      </form>
      <button class="link forgot" type="button" @click=${() => this.dispatchEvent(new Event("forgot"))}>
        ${linkWords[this.language].forgotLink}
      </button>
    `;
  }

  #code(): TemplateResult {
    const { say, recovery } = this;
    return html`
      <label for="totp">${recovery ? say.recovery : say.code}</label>
      ${
        recovery
          ? html`<input id="totp" name="totp" autocomplete="off" autocapitalize="none" spellcheck="false"
              required maxlength="24" aria-describedby="totp-hint" />`
          : html`<input id="totp" name="totp" inputmode="numeric" autocomplete="one-time-code" required
              maxlength="10" pattern="[0-9 ]{6,}" aria-describedby="totp-hint" />`
      }
      <p class="hint" id="totp-hint">${recovery ? say.recoveryHint : say.codeHint}</p>
      <button class="link" type="button" @click=${this.#switchCode}>
        ${recovery ? say.useApp : say.useRecovery}
      </button>
    `;
  }

  #switchCode = (): void => {
    this.recovery = !this.recovery;
    this.error = "";
    void this.focusOn("#totp");
  };

  #submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (this.busy) return;
    this.busy = true;
    this.error = "";
    try {
      this.dispatchEvent(new SignedIn(await this.api.signIn(read(event.target as HTMLFormElement))));
    } catch (error) {
      this.#refused(error);
    } finally {
      this.busy = false;
    }
  };

  /** Say why, keep what was typed, and put the focus where it can be mended. */
  #refused(error: unknown): void {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "totp_required") {
      this.error = this.asksCode ? this.say.badCode : "";
      this.asksCode = true;
      void this.focusOn("#totp");
      return;
    }
    this.error = this.#sentence(error);
    if (error.status === 401) void this.focusOn(error.code === "bad_totp" ? "#totp" : "#password");
  }

  #sentence(error: ApiError): string {
    if (error.offline) return this.say.offline;
    if (error.code === "bad_credentials") return this.say.badCredentials;
    if (error.code === "bad_totp") return this.say.badCode;
    if (error.status === 429) return this.say.tooMany(error.retryAfterSeconds);
    return error.status < 500 && error.detail ? error.detail : this.say.failed;
  }

  #backOnline = (): void => {
    if (this.error === this.say.offline) this.error = "";
  };
}

function read(form: HTMLFormElement): Credentials {
  const data = new FormData(form);
  const text = (name: string) => String(data.get(name) ?? "");
  const totp = text("totp").replaceAll(" ", "");
  return {
    email: text("email").trim(),
    password: text("password"),
    ...(totp ? { totp } : {}),
  };
}
