/** On a phone what is open lies over its list: it has an entry of its own in the history, and going back shuts it. */

const NARROW = "(max-width: 59.99rem)"; // as the styles have it

export class Cover {
  #open = false;
  #entered = false; // whether the entry on top of the history is ours
  #leaving = false; // whether we go back ourselves, which takes a moment

  constructor(readonly shut: () => void) {}

  start(): void {
    window.addEventListener("popstate", this.#popped);
  }

  stop(): void {
    window.removeEventListener("popstate", this.#popped);
  }

  /** Tell whether something is open now. */
  follow(open: boolean): void {
    if (open === this.#open) return;
    this.#open = open;
    this.#settle();
  }

  #settle(): void {
    if (this.#leaving) return;
    if (this.#open && !this.#entered && window.matchMedia(NARROW).matches) {
      this.#entered = true;
      window.history.pushState(null, "", window.location.href);
    } else if (!this.#open && this.#entered) {
      this.#leaving = true; // shut by a button: its entry goes with it
      window.history.back();
    }
  }

  #popped = (): void => {
    if (!this.#entered) return;
    this.#entered = false;
    if (this.#leaving) {
      this.#leaving = false;
      this.#settle();
    } else if (this.#open) {
      this.#open = false;
      this.shut();
    }
  };
}
