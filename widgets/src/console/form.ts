/** What every page and form of the console does: read, send once, keep what was typed, say what was wrong and where. */

import type { ConsoleApi } from "./api";
import { type Wrong, wrongIn } from "./field";
import { ConsoleElement } from "./view";

export abstract class ConsoleForm extends ConsoleElement {
  static override properties = {
    api: { attribute: false },
    busy: { state: true },
    error: { state: true },
    done: { state: true },
    wrong: { state: true },
  };

  declare api: ConsoleApi;
  declare busy: boolean;
  /** Why the last try was refused. */
  declare error: string;
  /** What the last try did. */
  declare done: string;
  declare wrong: Wrong;

  constructor() {
    super();
    this.busy = false;
    this.error = "";
    this.done = "";
    this.wrong = {};
  }

  #looks = 0;
  #reading: (() => Promise<boolean>) | null = null;

  /**
   * Read what is to be shown, beside whatever is being sent. Of several reads the one that was asked for last is shown,
   * in whichever order their answers come; what is done meanwhile has it read anew. Return false when it failed.
   */
  protected async look<Found>(read: () => Promise<Found>, show: (found: Found) => void): Promise<boolean> {
    const look = ++this.#looks;
    this.#reading = () => this.look(read, show);
    this.error = "";
    try {
      const found = await read();
      if (look === this.#looks) show(found);
      return true;
    } catch (error) {
      if (look === this.#looks) this.error = this.why(error);
      return look !== this.#looks;
    } finally {
      if (look === this.#looks) this.#reading = null;
    }
  }

  /** Do something that may be refused; return whether it was done. */
  protected async attempt(work: () => Promise<unknown>, done = ""): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.error = "";
    this.done = "";
    this.wrong = {};
    try {
      await work();
      this.done = done;
      void this.#reading?.(); // its answer may be older than this
      return true;
    } catch (error) {
      this.wrong = wrongIn(error, this.say);
      this.error = this.why(error);
      if (Object.keys(this.wrong).length) void this.focusOn('[aria-invalid="true"]');
      return false;
    } finally {
      this.busy = false;
    }
  }
}
