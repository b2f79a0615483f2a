/** What I wrote and nobody has seen yet: kept through reloads, sent again under the same id, never lost by itself. */

import type { Memory } from "../core/storage";
import { uuid } from "../core/uuid";

/**
 * `sending`: on its way, or waiting for the connection. `later`: the server asked for a pause. `unsigned`: it waits for
 * a name. `failed`: it waits for me. `sent`: acknowledged, and shown by the room in a moment.
 */
export type SendingState = "sending" | "later" | "unsigned" | "failed" | "sent";

export interface Sending {
  readonly id: string;
  readonly room: string;
  readonly body: string;
  readonly replyTo: string | null;
  readonly mentions: readonly string[];
  readonly at: number;
  readonly state: SendingState;
  readonly code?: string; // why it failed
  readonly until?: number; // when it goes again
}

/** Each message is kept under a name of its own, so that two tabs never write over each other's. */
const KEPT = "unsent:";

export class Outbox {
  #items: Sending[];
  readonly #memory: Memory;
  readonly #changed: () => void;

  constructor(memory: Memory, changed: () => void) {
    this.#memory = memory;
    this.#changed = changed;
    this.#items = memory
      .names(KEPT)
      .flatMap((name) => memory.read<Sending>(name) ?? [])
      .sort((one, other) => one.at - other.at);
  }

  get items(): readonly Sending[] {
    return this.#items;
  }

  get(id: string): Sending | undefined {
    return this.#items.find((item) => item.id === id);
  }

  add(room: string, body: string, replyTo: string | null, mentions: readonly string[], at: number): Sending {
    const item: Sending = { id: uuid(), room, body, replyTo, mentions, at, state: "sending" };
    this.#items = [...this.#items, item];
    this.#keep(item);
    return item;
  }

  /** Change one item; it may be gone already, because the room has shown it. */
  mark(id: string, state: SendingState, more: Partial<Pick<Sending, "room" | "code" | "until">> = {}): void {
    const item = this.get(id);
    if (item) this.#put(item, { ...plain(item), state, ...more });
  }

  /** Give an item another id: its own belongs to somebody else's message. */
  again(id: string): Sending | undefined {
    const old = this.get(id);
    if (!old) return undefined;
    const item: Sending = { ...plain(old), id: uuid(), state: "sending" };
    this.#memory.write(KEPT + id, null);
    this.#put(old, item);
    return item;
  }

  drop(id: string): void {
    if (!this.get(id)) return;
    this.#items = this.#items.filter((item) => item.id !== id);
    this.#memory.write(KEPT + id, null);
    this.#changed();
  }

  #put(old: Sending, item: Sending): void {
    this.#items = this.#items.map((other) => (other === old ? item : other));
    this.#keep(item);
  }

  #keep(item: Sending): void {
    this.#memory.write(KEPT + item.id, item.state === "sent" ? null : item);
    this.#changed();
  }
}

function plain({ code: _, until: __, ...item }: Sending): Sending {
  return item;
}
