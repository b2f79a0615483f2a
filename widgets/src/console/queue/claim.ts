/** "I am looking at it": said for the case that is open, again while it stays open, and taken back on leaving. */

import type { CaseShown } from "../../core/generated";
import { ApiError, AT, type ConsoleApi } from "../api";
import { takenBy } from "../watch/cases";
import type { Watch } from "../watch/watch";

export const CLAIM_AFTER_MS = 300; // who only passes by claims nothing
export const CLAIM_AGAIN_MS = 60_000; // a claim lasts two minutes

export class Claim {
  #id = "";
  #asked = false; // now or in a moment
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly api: ConsoleApi,
    readonly watch: Watch,
    readonly me: string,
  ) {}

  /** Look at this case from now on, and not at the one before. */
  take(id: string): void {
    this.#release();
    this.#id = id;
    if (id) this.#soon();
  }

  /** The case is decided: there is nothing to take back. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#id = "";
  }

  stop(): void {
    this.#release();
  }

  /** Something has changed: if nobody holds the case that is open any more, hold it. */
  look(): void {
    const shown = this.watch.cases.find(this.#id);
    if (shown && !this.#asked && shown.claimed_by !== this.me && !takenBy(shown, this.me)) this.#soon();
  }

  #soon(): void {
    this.#asked = true;
    this.#later(CLAIM_AFTER_MS);
  }

  #later(wait: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#say(), wait);
  }

  async #say(): Promise<void> {
    const id = this.#id;
    const shown = this.watch.cases.find(id);
    if (!shown || takenBy(shown, this.me)) {
      this.#asked = false;
      return;
    }
    try {
      this.watch.take(await this.api.send<CaseShown>("POST", `${AT.case(id)}/claim`));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // who was quicker is told by the queue itself
    } finally {
      if (id === this.#id) {
        this.#asked = false;
        this.#later(CLAIM_AGAIN_MS);
      } // else another one is open by now
    }
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#asked = false;
    const id = this.#id;
    this.#id = "";
    if (this.watch.cases.find(id)?.claimed_by !== this.me) return;
    this.api
      .send<CaseShown>("POST", `${AT.case(id)}/release`)
      .then((shown) => this.watch.take(shown))
      .catch(() => {}); // it runs out by itself
  }
}
