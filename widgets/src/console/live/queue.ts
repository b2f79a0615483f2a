/** What waits for a host, over all their rooms: held messages as they come, reports and left words as last read. */

import type { EventFrame, HeldShown, MessagesDecision, ReportShown, WordShown } from "../../core/generated";

export type Case =
  | { readonly kind: "held"; readonly id: string; readonly at: string; readonly held: HeldShown }
  | {
      readonly kind: "report";
      readonly id: string;
      readonly at: string;
      readonly reports: readonly ReportShown[];
    }
  | { readonly kind: "word"; readonly id: string; readonly at: string; readonly word: WordShown };

export class Queue {
  readonly #held = new Map<string, HeldShown>();
  #reports: readonly ReportShown[] = [];
  #words: readonly WordShown[] = [];

  /** Forget what waited in a room and begin with this. */
  snapshot(room: string, held: readonly HeldShown[]): void {
    for (const [id, { message }] of this.#held) if (message.room === room) this.#held.delete(id);
    for (const one of held) this.#held.set(one.message.id, one);
  }

  event(frame: EventFrame): void {
    if (frame.data === null) return;
    if (frame.event === "message.held") {
      const held = frame.data as HeldShown;
      this.#held.set(held.message.id, held);
    } else if (frame.event === "message.approved" || frame.event === "message.declined")
      this.#held.delete((frame.data as MessagesDecision).id);
    else if (frame.event === "message.removed") this.#held.delete((frame.data as { id: string }).id);
  }

  set reports(reports: readonly ReportShown[]) {
    this.#reports = reports;
  }

  set words(words: readonly WordShown[]) {
    this.#words = words;
  }

  /** A case is decided here; the server's own word of it may come later. */
  decided(id: string): void {
    this.#held.delete(id);
    this.#reports = this.#reports.filter(({ message }) => message.id !== id);
    this.#words = this.#words.filter((word) => word.id !== id);
  }

  /** Return all cases, the oldest first; reports of one message are one case. */
  get cases(): readonly Case[] {
    const reported = new Map<string, ReportShown[]>();
    for (const report of this.#reports) {
      const known = reported.get(report.message.id);
      if (known) known.push(report);
      else reported.set(report.message.id, [report]);
    }
    const cases: Case[] = [
      ...[...this.#held.values()].map(
        (held): Case => ({ kind: "held", id: held.message.id, at: held.message.at, held }),
      ),
      ...[...reported].map(
        ([id, reports]): Case => ({ kind: "report", id, at: (reports[0] as ReportShown).at, reports }),
      ),
      ...this.#words.map((word): Case => ({ kind: "word", id: word.id, at: word.at, word })),
    ];
    return cases.sort((a, b) => a.at.localeCompare(b.at));
  }
}
