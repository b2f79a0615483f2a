/** Who the reader is to the server: tokens in memory, kept between pages where the browser allows, renewed in time. */

import type { Tokens } from "./generated";
import { HttpError } from "./http";
import type { Pass } from "./live";
import type { Memory } from "./storage";

const EARLY_MS = 60_000; // a token with less life than this is renewed first
const NAME = "session";

export interface Kept {
  readonly id: string;
  readonly name: string;
  readonly member: boolean; // signed in with an account, so the name is the account's
  readonly access: string;
  readonly refresh: string;
  readonly expires: number; // by this device's clock, right or wrong
}

export class Session {
  readonly #memory: Memory;
  readonly #lock: string;
  readonly #renew: (refresh: string) => Promise<Tokens>;
  #kept: Kept | null;
  #renewing: Promise<Kept | null> | null = null;
  /** Called when somebody else is here: signed in, signed out, or in another tab. */
  changed: () => void = () => {};

  constructor(memory: Memory, lock: string, renew: (refresh: string) => Promise<Tokens>) {
    this.#memory = memory;
    this.#lock = lock;
    this.#renew = renew;
    this.#kept = memory.read<Kept>(NAME);
    memory.watch(NAME, () => this.#take(memory.read<Kept>(NAME)));
  }

  get person(): { readonly id: string; readonly name: string; readonly member: boolean } | null {
    return this.#kept;
  }

  /** Begin with tokens that the server has just given; without a name, the same person is called what they were. */
  adopt(tokens: Tokens, name: string, member = false): void {
    const known = this.#kept?.id === tokens.id ? this.#kept.name : ""; // never what somebody else was called
    this.#keep(kept(tokens, name || known, member));
  }

  /** The name changed, the person did not. */
  rename(name: string): void {
    if (this.#kept) this.#keep({ ...this.#kept, name });
  }

  /** The server says what somebody is called: a member's name is the church's to change, and we follow. */
  called({ id, name }: { readonly id?: string | null; readonly name?: string }): void {
    const me = this.#kept;
    if (name && me?.member && me.id === id && me.name !== name) this.rename(name);
  }

  end(): void {
    this.#keep(null);
  }

  /**
   * Return an access token that will be good for a while, or null for nobody. Reject when the server is away. One that
   * the server has refused is renewed however long it should live, unless that has been done meanwhile.
   */
  async token(refused?: string): Promise<string | null> {
    return (await this.#fresh(refused !== undefined && refused === this.#kept?.access))?.access ?? null;
  }

  /** The same for a socket, with the time until the next one is due. */
  async pass(why: "connect" | "renew" | "again"): Promise<Pass | null> {
    const found = await this.#fresh(why === "again");
    return (
      found && { token: found.access, renewIn: Math.max(1_000, found.expires - Date.now() - EARLY_MS / 2) }
    );
  }

  async #fresh(refused: boolean): Promise<Kept | null> {
    const old = this.#kept;
    if (!old || (!refused && old.expires - Date.now() > EARLY_MS)) return old;
    this.#renewing ??= this.#locked(() => this.#renewed(old)).finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  /** Renew unless another tab just has: a refresh token works once. */
  async #renewed(old: Kept): Promise<Kept | null> {
    const theirs = this.#memory.read<Kept>(NAME);
    const newer = theirs && theirs.refresh !== old.refresh && theirs.expires - Date.now() > EARLY_MS;
    if (newer) {
      this.#take(theirs);
      return theirs;
    }
    let tokens: Tokens | null = null;
    try {
      tokens = await this.#renew(theirs?.refresh ?? old.refresh);
    } catch (error) {
      if (!(error instanceof HttpError) || error.status !== 401) throw error;
    }
    const now = this.#kept;
    // whoever came meanwhile stays
    if (now && now.refresh === old.refresh) this.#keep(tokens && kept(tokens, now.name, now.member));
    return this.#kept;
  }

  /** Let one tab at a time work. Where the browser keeps nothing for us it has no locks for us either, nor other tabs. */
  async #locked<Result>(work: () => Promise<Result>): Promise<Result> {
    let begun = false;
    try {
      return await navigator.locks.request(this.#lock, () => {
        begun = true;
        return work();
      });
    } catch (error) {
      if (begun) throw error;
      return work();
    }
  }

  #keep(next: Kept | null): void {
    this.#memory.write(NAME, next);
    this.#take(next);
  }

  #take(next: Kept | null): void {
    const before = this.#kept;
    this.#kept = next;
    if (before?.id !== next?.id || before?.name !== next?.name) this.changed();
  }
}

function kept(tokens: Tokens, name: string, member: boolean): Kept {
  const { id, access_token: access, refresh_token: refresh, expires_in } = tokens;
  return { id, name, member, access, refresh, expires: Date.now() + expires_in * 1000 };
}
