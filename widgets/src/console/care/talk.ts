/** One conversation as a volunteer has it on the screen: frames are folded in, words are sent, marks are set. */

import type {
  CareSessionShown,
  EphemeralFrame,
  EventFrame,
  LatestFrame,
  MessageShown,
  RoomSnapshot,
  Typing,
} from "../../core/generated";
import type { Live } from "../../core/live";
import { uuid } from "../../core/uuid";
import { HostRoom } from "../live/room";

export const TYPING_MS = 3_000; // said at most so often while somebody writes
const TYPES_MS = 6_000; // who was not heard of for so long has stopped

export interface Sending {
  readonly id: string;
  readonly body: string;
}

export class Talk {
  readonly room = new HostRoom();
  /** What was sent and is not told by the room yet. */
  sending: readonly Sending[] = [];
  seen = 0; // the number of the last message that somebody else has seen
  typist = "";
  #room = "";
  #typed = 0;
  #read = 0;
  #erased = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly live: Live,
    public shown: CareSessionShown,
    readonly me: string,
    readonly changed: () => void,
  ) {}

  start(): void {
    this.live.join(`care:${this.shown.id}`, {
      snapshot: (data) => this.#stands((data as { session: CareSessionShown }).session),
      event: (frame) => {
        if (frame.event === "care.erased") this.#forgets();
        else if (frame.data) this.#stands(frame.data as CareSessionShown);
      },
    });
    this.#stands(this.shown);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.live.leave(`care:${this.shown.id}`);
    if (this.#room) this.live.leave(`chat:${this.#room}`);
    this.#room = "";
  }

  get over(): boolean {
    return this.shown.state !== "active";
  }

  /** Tell whether it is over and nothing that was said stands here any more. */
  get erased(): boolean {
    const { messages } = this.room;
    const gone =
      messages.every(({ state }) => state === "removed") &&
      messages.some(({ removed_by }) => removed_by === "erasure");
    return this.over && (this.#erased || gone);
  }

  /** Send words; they go out once, also when the connection is lost on the way. Rejects with a LiveError. */
  async send(body: string, id = uuid()): Promise<void> {
    this.sending = [...this.sending, { id, body }];
    this.changed();
    try {
      await this.live.push(`chat:${this.#room}`, "message.send", { body }, id);
    } catch (error) {
      this.sending = this.sending.filter((one) => one.id !== id);
      throw error;
    } finally {
      this.changed();
    }
  }

  /** Tell that words are being written. */
  types(now = Date.now()): void {
    if (now - this.#typed < TYPING_MS) return;
    this.#typed = now;
    this.live.whisper(`chat:${this.#room}`, "typing", {});
  }

  /** Tell that everything up to the newest was seen. */
  read(): void {
    const newest = this.room.messages.at(-1)?.number ?? 0;
    if (newest <= this.#read || !this.#room) return;
    this.#read = newest;
    this.live.push(`chat:${this.#room}`, "read", { number: newest }).catch(() => {
      this.#read = 0; // said again with the next one
    });
  }

  /** Tell whether the other side has seen this message of mine. */
  wasSeen({ author, number }: MessageShown): boolean {
    return author?.id === this.me && number !== null && number <= this.seen;
  }

  #stands(shown: CareSessionShown): void {
    if (shown.version < this.shown.version) return;
    this.shown = shown;
    const room = shown.state === "active" ? (shown.room ?? "") : "";
    if (room && room !== this.#room) {
      this.#room = room;
      this.#join(room);
    }
    this.changed();
  }

  #forgets(): void {
    this.#erased = true;
    this.changed();
  }

  #join(room: string): void {
    this.live.join(`chat:${room}`, {
      snapshot: (data) => {
        this.room.snapshot(data as RoomSnapshot);
        this.#arrived();
      },
      event: (frame: EventFrame) => {
        this.room.event(frame);
        this.#arrived();
      },
      latest: (frame: LatestFrame) => this.#marked(frame),
      ephemeral: (frame: EphemeralFrame) => this.#types(frame),
      presence: (frame) => {
        this.room.presence(frame);
        this.changed();
      },
    });
  }

  #arrived(): void {
    this.sending = this.sending.filter(({ id }) => !this.room.find(id));
    this.changed();
  }

  #marked(frame: LatestFrame): void {
    if (frame.event !== "seen") return;
    const { person, number } = frame.data as { person: string; number: number };
    if (person === this.me) return;
    this.seen = Math.max(this.seen, number);
    this.changed();
  }

  #types(frame: EphemeralFrame): void {
    if (frame.event !== "typing") return;
    const other = (frame.data as Typing).people.find(({ id }) => id !== this.me);
    clearTimeout(this.#timer);
    this.typist = other?.name ?? "";
    this.#timer = setTimeout(() => {
      this.typist = "";
      this.changed();
    }, TYPES_MS);
    this.changed();
  }
}
