/** Every name this app uses on the wire: topics, events and addresses, each once. */

import type {
  GuestShown,
  History,
  MessagesMine,
  Now,
  ReadState,
  Receipt,
  RoomShown,
  Rooms,
  SeatShown,
  Tokens,
  WordReceipt,
} from "../core/generated";
import { type Helpline, helplines } from "../core/helplines";
import { type Http, HttpError } from "../core/http";
import type { Live } from "../core/live";
import { LiveError } from "../core/requests";

export const PAGE = 50;

export interface Words {
  readonly body: string;
  readonly reply_to?: string;
  readonly mentions?: readonly string[];
}

export const roomTopic = (room: string) => `chat:${room}`;
export const myTopic = (person: string) => `me:${person}`;

/** Resolve with the code of what is against something that was asked; null when it was done. */
export async function codeOf(asked: Promise<unknown> | undefined): Promise<string | null> {
  try {
    await asked;
    return null;
  } catch (error) {
    if (error instanceof LiveError || error instanceof HttpError) return error.code;
    throw error;
  }
}

/** The same of words; whatever comes of them, `need` hears of the card that stands with the answer. */
export async function wordsCodeOf(
  asked: Promise<Card> | undefined,
  need: (answer: Card) => void,
): Promise<string | null> {
  return codeOf(
    asked?.then(need, (error: unknown) => {
      if (error instanceof LiveError || error instanceof HttpError) need(error);
      throw error;
    }),
  );
}

/** An answer in which the need may stand that was found in the words: helplines of this kind are shown. */
export interface Card {
  readonly card?: string;
}

/** What is asked of a room over the socket; what carries an id may be asked again after a cut. */
export class RoomWire {
  readonly #live: Live;
  readonly #topic: string;

  constructor(live: Live, room: string) {
    this.#live = live;
    this.#topic = roomTopic(room);
  }

  send(id: string, words: Words): Promise<Receipt> {
    return this.#live.push(this.#topic, "message.send", words, id) as Promise<Receipt>;
  }

  edit(id: string, body: string): Promise<Pick<Receipt, "card">> {
    return this.#live.push(this.#topic, "message.edit", { body }, id) as Promise<Pick<Receipt, "card">>;
  }

  remove(id: string): Promise<unknown> {
    return this.#live.push(this.#topic, "message.delete", {}, id);
  }

  react(id: string, emoji: string, on: boolean): Promise<unknown> {
    return this.#live.push(this.#topic, on ? "reaction.add" : "reaction.remove", { emoji }, id);
  }

  mine(): Promise<MessagesMine> {
    return this.#live.push(this.#topic, "mine", {}) as Promise<MessagesMine>;
  }

  read(number: number): Promise<ReadState> {
    return this.#live.push(this.#topic, "read", { number }) as Promise<ReadState>;
  }

  typing(): void {
    this.#live.whisper(this.#topic, "typing", {});
  }

  float(emoji: string): void {
    this.#live.whisper(this.#topic, "float", { emoji });
  }
}

/** What is asked over HTTP. */
export class Api {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  now(): Promise<Now> {
    return this.#http.get("/events/gatherings/now");
  }

  roomOf(gathering: string): Promise<RoomShown> {
    return this.#http.get(`/events/gatherings/${gathering}/room`);
  }

  /** The rooms this reader sees; one that closed stays in the list for half a day. */
  async rooms(): Promise<readonly SeatShown[]> {
    return (await this.#http.get<Rooms>("/chat/rooms")).rooms;
  }

  /** Read a page in front of or behind a number, around a message, or the newest. */
  history(room: string, where: { before?: number; after?: number; around?: string }): Promise<History> {
    const query = new URLSearchParams({ limit: String(PAGE) });
    for (const [name, value] of Object.entries(where)) query.set(name, String(value));
    return this.#http.get(`/chat/rooms/${room}/messages?${query}`);
  }

  report(room: string, message: string, reason: string, note: string): Promise<void> {
    return this.#http.send("POST", `/chat/rooms/${room}/messages/${message}/report`, { reason, note });
  }

  block(person: string, on: boolean): Promise<void> {
    return this.#http.send(on ? "PUT" : "DELETE", `/chat/blocks/${person}`);
  }

  /** Leave a word for the hosts of a room that is not open; the same id is the same word. */
  leaveWord(room: string, id: string, body: string): Promise<WordReceipt> {
    return this.#http.send("POST", `/chat/rooms/${room}/notes`, { id, body });
  }

  /** Who helps in a need, in the church's country. */
  helplines(need: string, language: string): Promise<readonly Helpline[]> {
    return helplines(this.#http, need, language);
  }

  guest(nickname: string, consent: string, site: string, locale: string): Promise<Tokens> {
    return this.#http.send("POST", "/auth/guest", { nickname, consent, site, locale });
  }

  rename(nickname: string): Promise<GuestShown> {
    return this.#http.send("PATCH", "/guests/me", { nickname });
  }

  refresh(refresh_token: string): Promise<Tokens> {
    return this.#http.send("POST", "/auth/refresh", { refresh_token });
  }

  identity(token: string, site: string): Promise<Tokens> {
    return this.#http.send("POST", "/auth/identity", { token, site });
  }

  signOut(): Promise<void> {
    return this.#http.send("POST", "/auth/sign-out");
  }
}
