/** What was asked over a socket and waits for its reply; what has an id of its own survives the socket. */

import type { ClientFrame, ReplyFrame } from "./generated";

const MOST_WAITING = 200; // one more is refused, so nothing grows while the connection is away for hours

/** Why a request was not done; `code` is the server's, or `offline`, `ended`, `left` and `too_many` of this side. */
export class LiveError extends Error {
  constructor(
    readonly code: string,
    detail = "",
    readonly retryAfter: number | null = null,
    readonly card = "", // as in `HttpError`
  ) {
    super(detail || code);
  }
}

interface Push {
  readonly topic: string;
  readonly event: string;
  readonly id: string | null;
  readonly data: unknown;
  readonly resolve: (data: unknown) => void;
  readonly reject: (error: LiveError) => void;
  sent: boolean;
}

export class Requests {
  readonly #write: (frame: ClientFrame) => void;
  readonly #replies = new Map<number, (reply: ReplyFrame) => void>();
  readonly #pushes = new Set<Push>(); // in the order they were asked
  #ref = 0;

  constructor(write: (frame: ClientFrame) => void) {
    this.#write = write;
  }

  /** Return a new ref; `take` gets its reply, unless the connection ends before. */
  ref(take?: (reply: ReplyFrame) => void): number {
    this.#ref += 1;
    if (take) this.#replies.set(this.#ref, take);
    return this.#ref;
  }

  replied(reply: ReplyFrame): void {
    const ref = reply.ref ?? -1;
    const take = this.#replies.get(ref);
    this.#replies.delete(ref);
    take?.(reply);
  }

  /** Note a push; it is written now when `ready`, else when its topic is joined. */
  push(topic: string, event: string, data: unknown, id: string | null, ready: boolean): Promise<unknown> {
    if (this.#pushes.size >= MOST_WAITING) return Promise.reject(new LiveError("too_many"));
    return new Promise((resolve, reject) => {
      const push: Push = { topic, event, id, data, resolve, reject, sent: false };
      this.#pushes.add(push);
      if (ready) this.#send(push);
    });
  }

  /** The topic is joined: write what waited for it. */
  flush(topic: string): void {
    for (const push of this.#pushes) if (push.topic === topic && !push.sent) this.#send(push);
  }

  /** The connection is gone: nobody knows what was done, so only what has an id is kept to be asked again. */
  cut(): void {
    this.#replies.clear();
    for (const push of this.#pushes) {
      push.sent = false;
      if (push.id === null) this.#refuse(push, new LiveError("offline"));
    }
  }

  /** Refuse all that waits, or what waits for one topic. */
  refuse(error: LiveError, topic?: string): void {
    for (const push of this.#pushes)
      if (topic === undefined || push.topic === topic) this.#refuse(push, error);
  }

  #send(push: Push): void {
    const { topic, event, id, data } = push;
    push.sent = true;
    const ref = this.ref((reply) => this.#settle(push, reply));
    this.#write({ type: "push", ref, topic, event, data, ...(id === null ? {} : { id }) });
  }

  #settle(push: Push, reply: ReplyFrame): void {
    if (reply.ok) {
      this.#pushes.delete(push);
      push.resolve(reply.data);
    } else {
      const { code = "internal", detail = "", retry_after = null, extra } = reply.error ?? {};
      const { card = "" } = (extra ?? {}) as { card?: string };
      this.#refuse(push, new LiveError(code, detail, retry_after, card));
    }
  }

  #refuse(push: Push, error: LiveError): void {
    if (this.#pushes.delete(push)) push.reject(error);
  }
}
