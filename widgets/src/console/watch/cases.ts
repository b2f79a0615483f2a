/** What waits on the queues one works on: frames and answers are folded in here, and nothing here speaks to anybody. */

import type { CaseShown, QueueSnapshot } from "../../core/generated";

export type Team = CaseShown["team"];
export type Kind = CaseShown["kind"];

const MOST_OVER = 200; // cases that are over; remembered so that whoever looked at one is told what came of it

export class Cases {
  readonly #open = new Map<string, CaseShown>();
  readonly #over = new Map<string, CaseShown>();
  readonly #waiting = new Map<Team, number>();

  constructor(readonly teams: readonly Team[]) {}

  /** Forget what waited on a queue and begin with this. */
  begin(team: Team, { cases, waiting }: QueueSnapshot): void {
    for (const [id, one] of this.#open) if (one.team === team) this.#open.delete(id);
    for (const one of cases) this.take(one);
    this.#waiting.set(team, waiting);
  }

  /** Take what a queue tells. A case that went to another queue is told as closed on the one that it left. */
  event(team: Team, shown: CaseShown): void {
    const known = this.#open.get(shown.id);
    if (shown.state !== "open" && known && known.team !== team) return;
    this.take(shown);
  }

  /** Take a case's state; an older one than is known changes nothing. */
  take(shown: CaseShown): void {
    const known = this.#open.get(shown.id) ?? this.#over.get(shown.id);
    if (known && known.version > shown.version) return;
    if (shown.state === "open" && this.teams.includes(shown.team)) {
      this.#over.delete(shown.id);
      this.#open.set(shown.id, shown);
      return;
    }
    this.#open.delete(shown.id);
    this.#over.delete(shown.id);
    this.#over.set(shown.id, shown);
    for (const id of [...this.#over.keys()].slice(0, -MOST_OVER)) this.#over.delete(id);
  }

  /** A case is not there any more, or not for us. */
  drop(id: string): void {
    this.#open.delete(id);
  }

  count(team: Team, waiting: number): void {
    this.#waiting.set(team, waiting);
  }

  /** The open cases: the heaviest first, then the oldest. */
  get list(): readonly CaseShown[] {
    return [...this.#open.values()].sort(
      (a, b) => b.weight - a.weight || Date.parse(a.opened_at) - Date.parse(b.opened_at),
    );
  }

  /** How many wait; the server counts also those that it has not sent. */
  get waiting(): number {
    return this.teams.reduce(
      (sum, team) => sum + Math.max(this.known(team), this.#waiting.get(team) ?? 0),
      0,
    );
  }

  find(id: string): CaseShown | undefined {
    return this.#open.get(id);
  }

  /** The case about something, such as a prayer request. */
  about(subject: string): CaseShown | undefined {
    return this.list.find((one) => one.subject === subject);
  }

  over(id: string): CaseShown | undefined {
    return this.#over.get(id);
  }

  /** How many cases of a queue are known here. */
  known(team: Team): number {
    return [...this.#open.values()].filter((one) => one.team === team).length;
  }
}

/** Tell whether somebody else looks at a case at this moment. */
export function takenBy(shown: CaseShown, me: string, now = Date.now()): string {
  const { claimed_by, claimed_until, claimed_by_name } = shown;
  if (!claimed_by || claimed_by === me || !claimed_until || Date.parse(claimed_until) <= now) return "";
  return claimed_by_name || "…";
}
