/** Send what I wrote, and decide about each refusal: ask for a name, wait, take another id, or leave it to me. */

import type { Receipt } from "../core/generated";
import { LiveError } from "../core/requests";
import type { Outbox, Sending } from "./outbox";
import type { Card, Words } from "./wire";

const SETTLES_MS = 2_000; // a name that was just changed is known everywhere by then

/** What a sender needs of the chat around it. */
export interface Desk {
  readonly outbox: Outbox;
  room(): string;
  signedIn(): boolean;
  send(id: string, words: Words): Promise<Receipt>;
  /** A name is needed; `code` is what was wrong with the last one. */
  ask(code?: string): void;
  /** Show anew who we are. */
  renew(): Promise<void>;
  /** Words were taken, or refused with a need that was found in them. */
  taken(answer: Card): void;
}

export class Sender {
  readonly #desk: Desk;
  #renamed = 0; // when, in milliseconds
  readonly #told = new Set<string>(); // words with which a card was shown: once is enough, however often they are sent

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  async send({ id, body, replyTo, mentions }: Sending): Promise<void> {
    const { outbox } = this.#desk;
    if (!this.#desk.signedIn()) {
      outbox.mark(id, "unsigned");
      this.#desk.ask();
      return;
    }
    outbox.mark(id, "sending", { room: this.#desk.room() });
    const words: Words = {
      body,
      ...(replyTo ? { reply_to: replyTo } : {}),
      ...(mentions.length > 0 ? { mentions } : {}),
    };
    try {
      const receipt = await this.#desk.send(id, words);
      outbox.mark(id, "sent");
      this.#taken(id, receipt);
    } catch (error) {
      if (!(error instanceof LiveError)) throw error;
      this.#taken(id, error);
      this.#refused(id, error);
    }
  }

  #taken(id: string, { card }: Card): void {
    if (!card || this.#told.has(id)) return;
    this.#told.add(id);
    this.#desk.taken({ card });
  }

  /** Go by another name from now on, also where we are connected. */
  async renamed(): Promise<void> {
    this.#renamed = Date.now();
    await this.#desk.renew();
  }

  retry(id: string): void {
    const item = this.#desk.outbox.get(id);
    if (item) void this.send(item);
  }

  /** Send what an earlier page had on its way, or what waited for a name. */
  resume(states: readonly Sending["state"][]): void {
    for (const item of this.#desk.outbox.items) if (states.includes(item.state)) void this.send(item);
  }

  #refused(id: string, { code, retryAfter }: LiveError): void {
    const { outbox } = this.#desk;
    if (code === "name_taken" || code === "unauthenticated") {
      outbox.mark(id, "unsigned");
      if (code === "name_taken" && Date.now() - this.#renamed < SETTLES_MS)
        setTimeout(() => void this.#desk.renew().then(() => this.resume(["unsigned"])), SETTLES_MS / 4);
      else this.#desk.ask(code);
    } else if (code === "id_taken") {
      const item = outbox.again(id);
      if (item) void this.send(item);
    } else if ((code === "slow_mode" || code === "limited") && retryAfter !== null) {
      const wait = retryAfter * 1000;
      outbox.mark(id, "later", { code, until: Date.now() + wait });
      setTimeout(() => this.retry(id), wait);
    } else outbox.mark(id, "failed", { code: code === "left" ? "room_closed" : code });
  }
}
