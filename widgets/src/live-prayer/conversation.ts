/** What is said in a room for two: in its order, each once, with what of mine is still on its way. */

import type { MessageShown, RoomSnapshot } from "../core/generated";
import type { Live } from "../core/live";
import { LiveError } from "../core/requests";
import { uuid } from "../core/uuid";

const TYPING_EVERY_MS = 2_500;
const TYPING_SHOWN_MS = 5_000;

/** Something I wrote that is not in the room yet; `code` is why it was not taken. */
export interface Mine {
  readonly id: string;
  readonly body: string;
  readonly code: string;
}

export class Conversation {
  readonly messages = new Map<string, MessageShown>();
  readonly mine = new Map<string, Mine>();
  /** How far each of the others has read. */
  readonly seen = new Map<string, number>();
  typist = "";
  /** Called with the kind of need that was found in words just sent. */
  card: (kind: string) => void = () => {};
  changed: () => void = () => {};
  /** Called when somebody else has said something new. */
  spoken: () => void = () => {};
  /** Called with the code of why the room is closed to us. */
  lost: (code: string) => void = () => {};
  /** The reader looks at the page: only what they can have seen is read. */
  watched = true;
  readonly #live: Live;
  readonly #topic: string;
  readonly #me: string;
  #typed = 0;
  #away = false;
  #quiet: ReturnType<typeof setTimeout> | undefined;

  constructor(live: Live, room: string, me: string) {
    this.#live = live;
    this.#topic = `chat:${room}`;
    this.#me = me;
    this.#enter();
  }

  /** Go in again, if the room was closed to us; what I wrote and what did not arrive stays. */
  again(): void {
    if (this.#away) this.#enter();
  }

  #enter(): void {
    this.#away = false;
    this.#live.join(this.#topic, {
      snapshot: (data) => this.#begin(data as RoomSnapshot),
      phase: (phase) => {
        if (phase === "joined") this.read();
      },
      away: ({ code }) => {
        this.#away = true;
        this.lost(code);
      },
      event: (frame) => {
        const data = frame.data as Partial<MessageShown> | null;
        if (!frame.event.startsWith("message.") || !data?.id) return;
        const isNew = frame.event === "message.posted" && data.author?.id !== this.#me;
        this.#take(data as MessageShown);
        if (isNew) this.spoken();
      },
      latest: (frame) => {
        const data = frame.data as { person: string; number: number };
        if (frame.event === "seen" && data.person !== this.#me) this.seen.set(data.person, data.number);
        this.changed();
      },
      ephemeral: (frame) => {
        const { people = [] } = frame.data as { people?: readonly { id: string; name: string }[] };
        if (frame.event === "typing") this.#typing(people.find(({ id }) => id !== this.#me)?.name ?? "");
      },
    });
  }

  leave(): void {
    clearTimeout(this.#quiet);
    this.#live.leave(this.#topic);
  }

  /** What was said, in the room's order. */
  get list(): readonly MessageShown[] {
    return [...this.messages.values()].sort((one, other) => (one.number ?? 0) - (other.number ?? 0));
  }

  /** Tell whether somebody else has read this message. */
  isSeen({ number }: MessageShown): boolean {
    return [...this.seen.values()].some((read) => read >= (number ?? Number.POSITIVE_INFINITY));
  }

  async send(body: string, id = uuid()): Promise<void> {
    this.mine.set(id, { id, body, code: "" });
    this.changed();
    try {
      const receipt = (await this.#live.push(this.#topic, "message.send", { body }, id)) as { card?: string };
      this.mine.delete(id);
      if (receipt.card) this.card(receipt.card);
    } catch (error) {
      if (!(error instanceof LiveError)) throw error;
      this.mine.set(id, { id, body, code: error.code });
      if (error.card) this.card(error.card);
    }
    this.changed();
  }

  typing(): void {
    const now = Date.now();
    if (now - this.#typed < TYPING_EVERY_MS) return;
    this.#typed = now;
    this.#live.whisper(this.#topic, "typing", {});
  }

  /** Say how far I have read, while I look. */
  read(): void {
    const last = this.list.at(-1)?.number;
    if (last && this.watched)
      void this.#live.push(this.#topic, "read", { number: last }).catch(() => undefined); // told again later
  }

  #begin({ messages }: RoomSnapshot): void {
    this.messages.clear();
    for (const message of messages) this.#put(message);
    this.changed();
  }

  #take(message: MessageShown): void {
    this.#put(message);
    if (message.author?.id !== this.#me) this.#typing("");
    this.changed();
    this.read();
  }

  #put(message: MessageShown): void {
    this.mine.delete(message.id);
    if (message.state === "removed") this.messages.delete(message.id);
    else this.messages.set(message.id, message);
  }

  #typing(name: string): void {
    clearTimeout(this.#quiet);
    this.typist = name;
    if (name) this.#quiet = setTimeout(() => this.#typing(""), TYPING_SHOWN_MS);
    this.changed();
  }
}
