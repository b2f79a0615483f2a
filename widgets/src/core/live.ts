/**
 * A client of the wire protocol narthex.v1: one socket that says hello and joins in one go, resumes where it was,
 * asks for what is missing, and comes back by itself until a close is final. Who is not let in now, because a church
 * is paused or something about them was not settled, stays ended and asks again without a word: once soon when they
 * were in, for what they were sent away for may be over, then seldom.
 */

import {
  CLOSES,
  type ClientFrame,
  type Joined,
  type ReplyFrame,
  type ServerFrame,
  type SocketProblem,
  type WelcomeFrame,
} from "./generated";
import { LiveError, Requests } from "./requests";
import { type Handlers, Subscription } from "./subscription";

export const SUBPROTOCOL = "narthex.v1";
const PROTOCOL = 1;
const FIRST_FINAL = 4500;
const TRANSIENT = new Set(["internal", "unavailable", "limited"]); // a join refused so is tried again by itself

/** What shows who we are, and in how many milliseconds a new one should be asked for. */
export interface Pass {
  readonly token: string;
  readonly renewIn: number;
}

/** `again`: the last token was refused, so a kept one is no use. Null is an anonymous reader; a rejection is a failed try. */
export type GetPass = (why: "connect" | "renew" | "again") => Promise<Pass | null>;

/** Milliseconds; tests shorten them. */
export interface Timing {
  readonly first: number; // the longest first wait before coming back; it doubles each time
  readonly longest: number;
  readonly stable: number; // a connection that held this long starts the waits anew
  readonly silence: number; // nothing heard for this long: the connection is dead
  readonly opening: number; // no welcome within this: the try has failed
  readonly probe: number; // the longest wait for an answer when the page wakes up
  readonly soon: number; // who was sent away asks again after half to one and a half of this …
  readonly denied: number; // … and who is not let in after as much of this
}

const TIMING: Timing = {
  first: 500,
  longest: 20_000,
  stable: 30_000,
  silence: 40_000,
  opening: 10_000,
  probe: 5_000,
  soon: 3_000,
  denied: 40_000,
};

export type LiveState =
  | { readonly kind: "connecting"; readonly tries: number }
  | { readonly kind: "online"; readonly welcome: WelcomeFrame }
  | { readonly kind: "waiting"; readonly tries: number; readonly until: number }
  | { readonly kind: "ended"; readonly code: number; readonly reason: string };

export interface LiveOptions {
  readonly url: string;
  readonly pass: GetPass;
  readonly onState?: (state: LiveState) => void;
  readonly open?: (url: string, protocol: string) => WebSocket;
  readonly timing?: Partial<Timing>;
  readonly random?: () => number;
}

export class Live {
  state: LiveState = { kind: "connecting", tries: 0 };
  readonly #options: Required<Omit<LiveOptions, "timing">>;
  readonly #timing: Timing;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #requests = new Requests((frame) => this.#write(frame));
  #socket: WebSocket | null = null;
  #try = 0; // each connection has its number; what belongs to an older one is dropped
  #failures = 0;
  #onlineSince = 0;
  #heard = 0;
  #drained = false;
  #refused = false;
  #denied = false; // we were not let in, and what is tried now nobody hears of until we are
  #timers: Record<"retry" | "watch" | "renew" | "probe", ReturnType<typeof setTimeout> | undefined> = {
    retry: undefined,
    watch: undefined,
    renew: undefined,
    probe: undefined,
  };

  constructor(options: LiveOptions) {
    this.#timing = { ...TIMING, ...options.timing };
    this.#options = {
      onState: () => {},
      open: (url, protocol) => new WebSocket(url, protocol),
      random: Math.random,
      ...options,
    };
  }

  // ---- life

  start(): void {
    void this.#connect();
  }

  /** Leave for good; what waits is refused. */
  stop(): void {
    this.#end(CLOSES.NORMAL, "bye");
  }

  /** Connect anew, because somebody else is here now or what ended us may be over; topics and what waits are kept. */
  restart(): void {
    this.#denied = false;
    this.#forget();
    void this.#connect();
  }

  /** Show the token anew: something about whom it names has changed, and what is sent next shall know it. */
  async renew(): Promise<void> {
    if (this.state.kind !== "online") return; // whoever comes back shows it
    clearTimeout(this.#timers.renew);
    await this.#renew(this.#try);
  }

  /** The page was asleep, or the network is back: look now instead of waiting. */
  wake(): void {
    if (this.state.kind === "waiting") {
      this.#failures = 0;
      void this.#connect();
    } else if (this.state.kind === "online") {
      const asked = now();
      this.#write({ type: "ping" });
      clearTimeout(this.#timers.probe);
      this.#timers.probe = setTimeout(() => {
        if (this.#heard < asked) this.#lost();
      }, this.#timing.probe);
    }
  }

  // ---- topics and requests

  /** Read a topic, now and after every reconnect, until `leave`. */
  join(topic: string, handlers: Handlers): Subscription {
    const subscription = new Subscription(topic, handlers);
    this.#subscriptions.set(topic, subscription);
    if (this.#socket?.readyState === 1) this.#enter(subscription);
    return subscription;
  }

  leave(topic: string): void {
    const subscription = this.#subscriptions.get(topic);
    if (!subscription) return;
    this.#subscriptions.delete(topic);
    this.#requests.refuse(new LiveError("left"), topic);
    if (subscription.phase === "joined" || subscription.phase === "joining")
      this.#write({ type: "leave", ref: this.#requests.ref(), topic });
  }

  /**
   * Ask something of a topic and resolve with the reply's data. With an `id` it survives reconnects and is asked
   * again under the same id; without one it is refused as `offline` when nobody knows whether it was done.
   */
  push(topic: string, event: string, data: unknown, id: string | null = null): Promise<unknown> {
    const phase = this.#subscriptions.get(topic)?.phase ?? "away";
    if (this.state.kind === "ended") return Promise.reject(new LiveError("ended"));
    if (phase === "away") return Promise.reject(new LiveError("not_joined"));
    if (phase !== "joined" && id === null) return Promise.reject(new LiveError("offline"));
    return this.#requests.push(topic, event, data, id, phase === "joined");
  }

  /** Say something passing, such as typing: lost when there is no connection, and nobody waits for an answer. */
  whisper(topic: string, event: string, data: unknown): void {
    if (this.#subscriptions.get(topic)?.phase === "joined")
      this.#write({ type: "push", ref: this.#requests.ref(), topic, event, data });
  }

  // ---- connecting

  async #connect(): Promise<void> {
    clearTimeout(this.#timers.retry);
    const number = ++this.#try;
    if (!this.#denied) this.#to({ kind: "connecting", tries: this.#failures });
    const why = this.#refused ? "again" : "connect";
    const pass = await this.#options.pass(why).catch(() => undefined);
    if (number !== this.#try) return;
    if (pass === undefined) {
      this.#lost();
      return;
    }
    this.#refused = false;
    this.#heard = now();
    this.#open(number, pass);
    this.#watch(number);
  }

  #open(number: number, pass: Pass | null): void {
    const socket = this.#options.open(this.#options.url, SUBPROTOCOL);
    this.#socket = socket;
    const mine = () => number === this.#try;
    socket.onopen = () => {
      if (!mine()) return;
      this.#write(pass ? { type: "hello", token: pass.token } : { type: "hello" });
      for (const subscription of this.#subscriptions.values()) this.#enter(subscription);
    };
    socket.onmessage = (message) => {
      if (mine()) this.#take(String(message.data), pass);
    };
    socket.onclose = (close) => {
      if (mine()) this.#closed(close.code, close.reason);
    };
  }

  /** Look every few seconds whether the connection still lives, and ask it before it is called dead. */
  #watch(number: number): void {
    const { silence, opening } = this.#timing;
    const look = () => {
      if (number !== this.#try) return;
      const quiet = now() - this.#heard;
      if (quiet > (this.state.kind === "online" ? silence : opening)) {
        this.#lost();
        return;
      }
      if (this.state.kind === "online" && quiet > silence / 2) this.#write({ type: "ping" });
      this.#timers.watch = setTimeout(look, opening / 2);
    };
    this.#timers.watch = setTimeout(look, opening / 2);
  }

  #closed(code: number, reason: string): void {
    this.#refused = code === CLOSES.TOKEN_EXPIRED || code === CLOSES.NOT_ALLOWED;
    if (code < FIRST_FINAL || code >= 5000 || (this.#denied && code === CLOSES.NOT_ALLOWED)) {
      this.#lost();
      return;
    }
    const { soon, denied } = this.#timing;
    if (code === CLOSES.NOT_ALLOWED) this.#end(code, reason, this.state.kind === "online" ? soon : denied);
    else this.#end(code, reason);
  }

  /** The connection is gone: what may be asked again is kept, and we come back. */
  #lost(): void {
    const held = this.state.kind === "online" && now() - this.#onlineSince >= this.#timing.stable;
    if (held) this.#failures = 0;
    this.#forget();
    if (this.#denied) this.#askAgain(this.#timing.denied);
    else this.#retry();
  }

  #askAgain(about: number): void {
    this.#denied = true;
    const wait = about * (0.5 + this.#options.random());
    this.#timers.retry = setTimeout(() => void this.#connect(), wait);
  }

  #retry(): void {
    const { first, longest } = this.#timing;
    const most = this.#drained ? first * 2 : Math.min(longest, first * 2 ** this.#failures);
    const wait = this.#options.random() * most;
    this.#drained = false;
    this.#failures += 1;
    this.#to({ kind: "waiting", tries: this.#failures, until: Date.now() + wait });
    this.#timers.retry = setTimeout(() => void this.#connect(), wait);
  }

  /** Let go of the socket and of everything that belongs to it. */
  #forget(): void {
    const socket = this.#socket;
    this.#try += 1;
    this.#socket = null;
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    this.#requests.cut();
    for (const subscription of this.#subscriptions.values()) subscription.phase = "waiting";
  }

  /** It is over for now; what waits under an id goes out once we are let in, where we ask again. */
  #end(code: number, reason: string, again: number | null = null): void {
    this.#denied = false;
    this.#forget();
    if (again !== null) this.#askAgain(again);
    this.#to({ kind: "ended", code, reason });
    if (again === null) this.#requests.refuse(new LiveError("ended"));
  }

  #to(state: LiveState): void {
    this.state = state;
    this.#options.onState(state);
  }

  // ---- frames

  #write(frame: ClientFrame): void {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(frame));
  }

  #take(text: string, pass: Pass | null): void {
    this.#heard = now();
    const frame = JSON.parse(text) as ServerFrame;
    switch (frame.type) {
      case "welcome":
        if (frame.protocol === PROTOCOL) {
          this.#denied = false;
          this.#onlineSince = now();
          this.#renewLater(pass);
          this.#to({ kind: "online", welcome: frame });
        } else this.#end(CLOSES.PROTOCOL_ERROR, "another protocol");
        break;
      case "reply":
        this.#requests.replied(frame);
        break;
      case "position":
        for (const [topic, position] of Object.entries(frame.topics)) {
          const subscription = this.#subscriptions.get(topic);
          if (subscription?.misses(position)) this.#again(subscription);
        }
        break;
      case "drain":
        this.#drained = true;
        break;
      case "left":
        this.#away(this.#subscriptions.get(frame.topic), { code: frame.code, detail: "" });
        break;
      case "event": {
        const subscription = this.#subscriptions.get(frame.topic);
        if (subscription && !subscription.take(frame)) this.#again(subscription);
        break;
      }
      case "latest":
        this.#subscriptions.get(frame.topic)?.handlers.latest?.(frame);
        break;
      case "ephemeral":
        this.#subscriptions.get(frame.topic)?.handlers.ephemeral?.(frame);
        break;
      case "presence":
        this.#subscriptions.get(frame.topic)?.handlers.presence?.(frame);
        break;
      default: // pong, and whatever a newer server says
    }
  }

  #enter(subscription: Subscription): void {
    const { topic, position } = subscription;
    const ref = this.#requests.ref((reply) => this.#entered(subscription, reply));
    subscription.phase = "joining";
    this.#write({ type: "join", ref, topic, ...(position ? { after: position } : {}) });
  }

  #entered(subscription: Subscription, reply: ReplyFrame): void {
    if (this.#subscriptions.get(subscription.topic) !== subscription) return;
    if (reply.ok) {
      subscription.begin(reply.data as Joined);
      this.#requests.flush(subscription.topic);
      return;
    }
    const problem = reply.error ?? { code: "internal", detail: "" };
    if (!TRANSIENT.has(problem.code)) {
      this.#away(subscription, problem);
      return;
    }
    const number = this.#try;
    const wait = (problem.retry_after ?? 1) * 1000 + this.#options.random() * this.#timing.first;
    setTimeout(() => {
      if (number === this.#try && this.#subscriptions.get(subscription.topic) === subscription)
        this.#enter(subscription);
    }, wait);
  }

  /** Something is missing: leave, then join again from where we are. */
  #again(subscription: Subscription): void {
    if (subscription.phase !== "joined") return;
    const ref = this.#requests.ref(() => this.#enter(subscription));
    subscription.phase = "leaving";
    this.#write({ type: "leave", ref, topic: subscription.topic });
  }

  #away(subscription: Subscription | undefined, problem: SocketProblem): void {
    if (!subscription) return;
    subscription.phase = "away";
    subscription.handlers.away?.(problem);
    this.#requests.refuse(new LiveError(problem.code, problem.detail), subscription.topic);
  }

  // ---- tokens

  #renewLater(pass: Pass | null): void {
    if (pass) this.#timers.renew = setTimeout(() => void this.#renew(this.#try), pass.renewIn);
  }

  /** Show a new token on the open socket; when none can be had, the server says when it has waited long enough. */
  async #renew(number: number): Promise<void> {
    const pass = await this.#options.pass("renew").catch(() => undefined);
    if (number !== this.#try) return;
    if (pass === undefined) {
      this.#timers.renew = setTimeout(() => void this.#renew(number), this.#timing.probe);
    } else if (pass === null) {
      this.restart(); // the session is over: go on as a reader
    } else {
      this.#write({ type: "token", token: pass.token });
      this.#renewLater(pass);
    }
  }
}

function now(): number {
  return performance.now();
}
