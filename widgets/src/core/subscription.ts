/** One joined topic: how far this client has read it, and who wants to know what comes. */

import type {
  EphemeralFrame,
  EventFrame,
  Joined,
  LatestFrame,
  Position,
  PresenceFrame,
  SocketProblem,
} from "./generated";

/** `waiting`: not joined on this connection yet. `away`: the server refused or ended it, and said why. */
export type Phase = "waiting" | "joining" | "joined" | "leaving" | "away";

/** What a topic's owner does with what arrives; events come in order and each once. */
export interface Handlers {
  /** Forget what was known and begin here. */
  snapshot(data: unknown): void;
  event(frame: EventFrame): void;
  latest?(frame: LatestFrame): void;
  ephemeral?(frame: EphemeralFrame): void;
  presence?(frame: PresenceFrame): void;
  phase?(phase: Phase): void;
  away?(problem: SocketProblem): void;
}

export class Subscription {
  position: Position | null = null;
  #phase: Phase = "waiting";

  constructor(
    readonly topic: string,
    readonly handlers: Handlers,
  ) {}

  get phase(): Phase {
    return this.#phase;
  }

  set phase(phase: Phase) {
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.handlers.phase?.(phase);
  }

  /** Take the data of a join's reply: what was missed, or a new beginning. */
  begin(joined: Joined): void {
    if (joined.recovered) {
      for (const event of joined.events ?? []) this.take(event as EventFrame);
    } else {
      this.position = [joined.epoch, joined.seq];
      this.handlers.snapshot(joined.snapshot);
    }
    this.position = [joined.epoch, joined.seq];
    this.phase = "joined";
  }

  /** Pass the next event on and drop one that was seen; false when one before it is missing. */
  take(event: EventFrame): boolean {
    if (!this.position) return true;
    const [epoch, seq] = this.position;
    if (event.seq <= seq) return true;
    if (event.seq > seq + 1) return false;
    this.position = [epoch, event.seq];
    this.handlers.event(event);
    return true;
  }

  /** Tell whether the server is further than we are, though everything it sent has arrived. */
  misses([epoch, seq]: Position): boolean {
    if (!this.position || this.phase !== "joined") return false;
    if (this.position[0] === "") this.position = [epoch, this.position[1]]; // nothing was in the topic when we joined
    return this.position[0] !== epoch || this.position[1] < seq;
  }
}
