/** A socket whose other end is played by a test: it welcomes, answers joins with snapshots, and keeps what was pushed. */

import type { ClientFrame, PushFrame, ServerFrame } from "../../core/generated";

export class PlayedSocket {
  static readonly opened: PlayedSocket[] = [];
  /** What a join of a topic is answered with. */
  static snapshots: Record<string, unknown> = {};
  /** Refuse pushes with this code. */
  static refuse = "";
  readyState = 0;
  readonly pushed: PushFrame[] = [];
  readonly frames: ClientFrame[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: ((close: { code: number; reason: string }) => void) | null = null;
  readonly #seqs = new Map<string, number>();

  constructor(readonly url: string) {
    PlayedSocket.opened.push(this);
    setTimeout(() => {
      this.readyState = 1;
      this.onopen?.();
    });
  }

  static get last(): PlayedSocket {
    return PlayedSocket.opened.at(-1) as PlayedSocket;
  }

  static reset(snapshots: Record<string, unknown>): void {
    PlayedSocket.opened.length = 0;
    PlayedSocket.snapshots = snapshots;
    PlayedSocket.refuse = "";
  }

  send(text: string): void {
    const frame = JSON.parse(text) as ClientFrame;
    this.frames.push(frame);
    if (frame.type === "hello")
      this.say({ type: "welcome", session: "s", person: null, ping: 25, time: "", protocol: 1 });
    else if (frame.type === "join") {
      this.#seqs.set(frame.topic, 0);
      const snapshot = PlayedSocket.snapshots[frame.topic];
      this.#reply(frame.ref, { epoch: "1.0", seq: 0, recovered: false, snapshot });
    } else if (frame.type === "push") {
      this.pushed.push(frame);
      if (PlayedSocket.refuse)
        this.say({
          type: "reply",
          ref: frame.ref,
          ok: false,
          error: { code: PlayedSocket.refuse, detail: "" },
        });
      else this.#reply(frame.ref, {});
    }
  }

  /** Let the next event of a topic come. */
  event(topic: string, event: string, data: unknown): void {
    const seq = (this.#seqs.get(topic) ?? 0) + 1;
    this.#seqs.set(topic, seq);
    this.say({ type: "event", topic, seq, event, at: "2026-03-01T10:00:00Z", data });
  }

  say(frame: ServerFrame): void {
    setTimeout(() => this.onmessage?.({ data: JSON.stringify(frame) }));
  }

  #reply(ref: number, data: unknown): void {
    this.say({ type: "reply", ref, ok: true, data });
  }

  /** Cut the connection. */
  cut(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code, reason: "" });
  }

  close(): void {
    this.readyState = 3;
  }
}
