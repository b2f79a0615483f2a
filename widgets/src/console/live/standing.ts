/** About whom a host may do nothing: staff is for owners and administrators, an owner only for an owner. */

import type { PeoplePage, WorkerShown } from "../../core/generated";
import { ApiError, AT, type ConsoleApi } from "../api";

export class Standing {
  /** The ids of those whom the server would protect from us; it decides again at every call. */
  spared: ReadonlySet<string> = new Set();
  #read = false;

  constructor(
    readonly api: ConsoleApi,
    readonly roles: readonly string[],
    readonly changed: () => void,
  ) {}

  /** Read who they are, until it came once. Without it everything is offered, and the server refuses. */
  async look(): Promise<void> {
    if (this.#read || this.roles.includes("owner")) return;
    this.#read = true;
    try {
      this.spared = new Set(this.roles.includes("admin") ? await this.#owners() : await this.#staff());
      this.changed();
    } catch (error) {
      this.#read = false;
      if (!(error instanceof ApiError)) throw error;
    }
  }

  async #staff(): Promise<string[]> {
    const workers = await this.api.get<WorkerShown[]>(AT.workers);
    return workers.filter(({ teams }) => teams.includes("chat")).map(({ id }) => id);
  }

  async #owners(): Promise<string[]> {
    const owners: string[] = [];
    let after: string | null = null;
    do {
      const query: Record<string, string> = { staff: "true", limit: "100", ...(after ? { after } : {}) };
      const page: PeoplePage = await this.api.get<PeoplePage>(AT.people, query);
      owners.push(...page.items.filter(({ roles }) => roles.includes("owner")).map(({ id }) => id));
      after = page.next;
    } while (after);
    return owners;
  }
}
