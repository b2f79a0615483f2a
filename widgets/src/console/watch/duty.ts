/** Being on duty: said again every two minutes on whatever page one is, until it is switched off. */

import type { OnDuty } from "../../core/generated";
import { ApiError, AT, type ConsoleApi } from "../api";

export const AGAIN_MS = 120_000;
const KEPT = "narthex.duty"; // for this tab: a page that is loaded anew goes on

export class Duty {
  now: OnDuty | null = null;
  /** Why it could not be said the last time. */
  failed: ApiError | null = null;
  languages: readonly string[];
  #on = false;
  #stopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly api: ConsoleApi,
    readonly changed: () => void,
    language: string,
    readonly store: Storage | null = storage(),
  ) {
    this.languages = [language];
  }

  get on(): boolean {
    return this.#on;
  }

  /** Go on where this tab was before it was loaded anew. */
  async start(): Promise<void> {
    const kept = this.store?.getItem(KEPT);
    if (kept) await this.set(true, kept.split(","));
  }

  /** Stop saying it; what was said last runs out by itself. */
  stop(): void {
    this.#stopped = true; // what is under way must not begin the next round
    clearTimeout(this.#timer);
  }

  async set(on: boolean, languages: readonly string[] = this.languages): Promise<void> {
    clearTimeout(this.#timer);
    this.#on = on;
    this.languages = languages;
    if (on) this.store?.setItem(KEPT, languages.join(","));
    else this.store?.removeItem(KEPT);
    await this.#say();
  }

  /** Read who is here and whose shift it is. */
  async look(): Promise<void> {
    this.now = await this.api.get<OnDuty>(AT.onDuty);
    this.changed();
  }

  async #say(): Promise<void> {
    try {
      const body = { here: this.#on, languages: this.languages };
      this.now = await this.api.send<OnDuty>("POST", AT.here, body);
      this.failed = null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.failed = error;
    } finally {
      this.#again();
    }
    this.changed();
  }

  #again(): void {
    clearTimeout(this.#timer);
    if (!this.#on || this.#stopped) return;
    this.#timer = setTimeout(() => void this.#say(), this.failed ? AGAIN_MS / 12 : AGAIN_MS);
  }
}

function storage(): Storage | null {
  try {
    return window.sessionStorage;
  } catch {
    return null; // a browser that keeps nothing
  }
}
