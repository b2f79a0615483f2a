/** The reader's own browser as a small memory. Where that refuses (private windows, blocked third parties), the page's. */

export class Memory {
  readonly #prefix: string;
  readonly #refused = new Map<string, string>(); // what the browser would not keep lives as long as the page

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  read<Value>(name: string): Value | null {
    try {
      const text = this.#refused.get(name) ?? localStorage.getItem(this.#prefix + name);
      return text === null ? null : (JSON.parse(text) as Value);
    } catch {
      return null; // blocked, or not ours to read: as if nothing was kept
    }
  }

  /** Keep a value, or forget it when it is null. */
  write(name: string, value: unknown): void {
    this.#refused.delete(name);
    try {
      if (value === null) localStorage.removeItem(this.#prefix + name);
      else localStorage.setItem(this.#prefix + name, JSON.stringify(value));
    } catch {
      if (value !== null) this.#refused.set(name, JSON.stringify(value));
    }
  }

  /** Read what was typed in this tab; in a new one, what was typed last in another. */
  recall<Value>(name: string): Value | null {
    const own = this.#typed(name);
    return own === null ? this.read<Value>(name) : (JSON.parse(own) as Value | null);
  }

  /** Keep what is typed in this tab, and for a tab that is opened later. To forget it leaves what another tab typed. */
  keep(name: string, value: unknown): void {
    const before = this.#typed(name) ?? JSON.stringify(this.read(name));
    try {
      sessionStorage.setItem(this.#prefix + name, JSON.stringify(value));
    } catch {
      // blocked or full: the tabs share one, as below
    }
    if (value !== null || before === JSON.stringify(this.read(name))) this.write(name, value);
  }

  #typed(name: string): string | null {
    try {
      const text = sessionStorage.getItem(this.#prefix + name);
      if (text !== null) JSON.parse(text);
      return text;
    } catch {
      return null; // blocked, or not ours to read
    }
  }

  /** Return the names of what is kept that begin so. */
  names(start: string): string[] {
    const found = [...this.#refused.keys()];
    try {
      for (const key of Object.keys(localStorage))
        if (key.startsWith(this.#prefix)) found.push(key.slice(this.#prefix.length));
    } catch {
      // blocked: the page's own are all there are
    }
    return found.filter((name) => name.startsWith(start));
  }

  /** Call back when another tab changed this value; return how to stop. */
  watch(name: string, changed: () => void): () => void {
    const listen = (event: StorageEvent) => {
      if (event.key === this.#prefix + name) changed();
    };
    window.addEventListener("storage", listen);
    return () => window.removeEventListener("storage", listen);
  }
}
