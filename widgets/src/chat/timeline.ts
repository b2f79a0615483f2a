/**
 * A room's messages as one stretch without holes, in the room's order, cut into blocks that are drawn and measured as
 * a whole. The stretch is attached when nothing newer exists; a reader who jumped back is detached until they return.
 */

import type { MessageShown } from "../core/generated";

const BLOCK = 12; // messages drawn at once: small enough that a slow phone draws two within a frame or so
const MOST_KEPT = 20_000; // the oldest block goes when more have come while the reader sat at the newest

/** `place` is the room's number; what has none (held, or seen by its author alone) stands behind what was there then. */
export interface Entry {
  readonly place: number;
  readonly message: MessageShown;
}

/** `version` changes with anything inside; `height` is the last one measured, null before. */
export interface Block {
  readonly id: number;
  entries: Entry[];
  version: number;
  height: number | null;
}

export class Timeline {
  blocks: Block[] = [];
  older = false;
  newer = false;
  readonly #places = new Map<string, number>();
  #ids = 0;
  #count = 0;

  get size(): number {
    return this.#count;
  }

  get first(): Entry | undefined {
    return this.blocks[0]?.entries[0];
  }

  get last(): Entry | undefined {
    return this.blocks.at(-1)?.entries.at(-1);
  }

  has(id: string): boolean {
    return this.#places.has(id);
  }

  get(id: string): MessageShown | undefined {
    const place = this.#places.get(id);
    return place === undefined ? undefined : this.#find(place, id)?.entry.message;
  }

  /** Begin anew with a page. */
  reset(messages: readonly MessageShown[], older: boolean, newer: boolean): void {
    this.blocks = [];
    this.#places.clear();
    this.#count = 0;
    this.older = older;
    this.newer = newer;
    this.#attach(messages, "end");
  }

  /** Put an older page in front. */
  prepend(messages: readonly MessageShown[], older: boolean): void {
    const first = this.first?.place ?? Number.POSITIVE_INFINITY;
    this.#attach(
      messages.filter((message) => (message.number ?? 0) < first),
      "front",
    );
    this.older = older;
  }

  /** Put a newer page behind. */
  append(messages: readonly MessageShown[], newer: boolean): void {
    const last = this.last?.place ?? 0;
    this.#attach(
      messages.filter((message) => (message.number ?? 0) > last),
      "end",
    );
    this.newer = newer;
  }

  /**
   * Take one message: its new state where it stands, or a place for a new one. Return false for one that lies
   * outside the stretch and is therefore not kept.
   */
  put(message: MessageShown): boolean {
    const known = this.#places.get(message.id);
    if (known !== undefined) {
      if (message.number === null || message.number === known) {
        this.#replace(known, message);
        return true;
      }
      this.remove(message.id);
    }
    const place = message.number ?? this.#loosePlace();
    const last = this.last?.place ?? 0;
    if (place > last) {
      if (this.newer) return false;
      this.#attach([message], "end", place);
      this.#trim();
      return true;
    }
    if (this.older && place < (this.first?.place ?? 0)) return false;
    this.#insert({ place, message });
    return true;
  }

  remove(id: string): void {
    const place = this.#places.get(id);
    const found = place === undefined ? undefined : this.#find(place, id);
    if (!found) return;
    this.#places.delete(id);
    this.#count -= 1;
    found.block.entries.splice(found.index, 1);
    found.block.version += 1;
    if (found.block.entries.length === 0) this.blocks.splice(this.blocks.indexOf(found.block), 1);
  }

  /** Draw the block of this message again: something beside its own state has changed. */
  touch(id: string): void {
    const place = this.#places.get(id);
    const found = place === undefined ? undefined : this.#find(place, id);
    if (found) found.block.version += 1;
  }

  /** Draw everything again. */
  touchAll(): void {
    for (const block of this.blocks) block.version += 1;
  }

  /** Walk all entries, newest first. */
  *backwards(): Generator<Entry> {
    for (let b = this.blocks.length - 1; b >= 0; b--) {
      const entries = (this.blocks[b] as Block).entries;
      for (let e = entries.length - 1; e >= 0; e--) yield entries[e] as Entry;
    }
  }

  /** Return the message in front of one, across blocks. */
  before(block: Block, index: number): MessageShown | undefined {
    if (index > 0) return block.entries[index - 1]?.message;
    const at = this.blocks.indexOf(block);
    return at > 0 ? this.blocks[at - 1]?.entries.at(-1)?.message : undefined;
  }

  /** Return the index of the block that holds a message, or -1. */
  blockOf(id: string): number {
    const place = this.#places.get(id);
    return place === undefined ? -1 : this.#blockAt(place);
  }

  #attach(messages: readonly MessageShown[], where: "front" | "end", place?: number): void {
    const entries = messages.map((message) => ({
      place: place ?? message.number ?? this.#loosePlace(),
      message,
    }));
    for (const { place: at, message } of entries) this.#places.set(message.id, at);
    this.#count += entries.length;
    const last = this.blocks.at(-1);
    if (where === "end" && last && last.entries.length < BLOCK) {
      last.entries.push(...entries.splice(0, BLOCK - last.entries.length));
      last.version += 1;
    }
    const made: Block[] = [];
    for (let at = entries.length; at > 0; at -= BLOCK)
      made.unshift(this.#block(entries.slice(Math.max(0, at - BLOCK), at)));
    if (where === "end") this.blocks.push(...made);
    else this.blocks.unshift(...made);
    const next = where === "front" ? this.blocks[made.length] : undefined;
    if (next) next.version += 1; // its first message may now follow one of the same author
  }

  #block(entries: Entry[]): Block {
    this.#ids += 1;
    return { id: this.#ids, entries, version: 0, height: null };
  }

  #replace(place: number, message: MessageShown): void {
    const found = this.#find(place, message.id);
    if (!found) return;
    found.block.entries[found.index] = { place, message };
    found.block.version += 1;
    const next =
      found.block.entries.length - 1 === found.index
        ? this.blocks[this.blocks.indexOf(found.block) + 1]
        : undefined;
    if (next) next.version += 1; // the message behind may begin a group now
  }

  #insert(entry: Entry): void {
    const block = this.blocks[this.#blockAt(entry.place)];
    if (!block) {
      this.#attach([entry.message], "front", entry.place);
      return;
    }
    const index = block.entries.findIndex((other) => other.place > entry.place);
    block.entries.splice(index === -1 ? block.entries.length : index, 0, entry);
    block.version += 1;
    this.#places.set(entry.message.id, entry.place);
    this.#count += 1;
    if (block.entries.length >= 2 * BLOCK) this.#split(block);
  }

  #split(block: Block): void {
    const behind = this.#block(block.entries.splice(BLOCK));
    block.version += 1;
    block.height = null;
    this.blocks.splice(this.blocks.indexOf(block) + 1, 0, behind);
  }

  #trim(): void {
    while (this.#count > MOST_KEPT && this.blocks.length > 1) {
      const gone = this.blocks.shift() as Block;
      for (const { message } of gone.entries) this.#places.delete(message.id);
      this.#count -= gone.entries.length;
      this.older = true;
    }
  }

  /** Stand just behind the last message with a number, in the order of arrival. */
  #loosePlace(): number {
    const last = this.last?.place ?? 0;
    return last + (Math.floor(last) + 1 - last) / 1024;
  }

  #find(place: number, id: string): { block: Block; index: number; entry: Entry } | undefined {
    const block = this.blocks[this.#blockAt(place)];
    const index = block ? block.entries.findIndex((entry) => entry.message.id === id) : -1;
    return block && index >= 0 ? { block, index, entry: block.entries[index] as Entry } : undefined;
  }

  /** Return the index of the last block that begins at or before a place, by halving; -1 before the first. */
  #blockAt(place: number): number {
    let [low, high] = [0, this.blocks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (((this.blocks[middle] as Block).entries[0] as Entry).place <= place) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
