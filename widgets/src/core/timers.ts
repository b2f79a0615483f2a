/** Timers by name: one that is set again begins anew. */

const LONGEST_MS = 2 ** 31 - 1; // a longer one would run at once

export class Timers {
  readonly #running = new Map<string, ReturnType<typeof setTimeout>>();

  has(name: string): boolean {
    return this.#running.has(name);
  }

  later(name: string, milliseconds: number, work: () => void): void {
    clearTimeout(this.#running.get(name));
    const run = () => {
      this.#running.delete(name);
      work();
    };
    this.#running.set(name, setTimeout(run, Math.min(milliseconds, LONGEST_MS)));
  }
}
