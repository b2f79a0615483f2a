/** A real WebSocket server that says only what a test tells it to. */

import type { AddressInfo } from "node:net";
import { type WebSocket as Socket, WebSocketServer } from "ws";
import type { ClientFrame, Position, ServerFrame } from "../generated";

type Of<Type> = Extract<ClientFrame, { type: Type }>;

/** The server's end of one connection. */
export class Peer {
  readonly #socket: Socket;
  readonly #frames: ClientFrame[] = [];
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("message", (data) => {
      this.#frames.push(JSON.parse(String(data)) as ClientFrame);
      this.#wake();
    });
  }

  /** Return the next frame, which must be of this type. */
  async next<Type extends ClientFrame["type"]>(type: Type): Promise<Of<Type>> {
    while (this.#frames.length === 0)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    const frame = this.#frames.shift() as ClientFrame;
    if (frame.type !== type) throw new Error(`expected ${type}, got ${JSON.stringify(frame)}`);
    return frame as Of<Type>;
  }

  /** Frames that nobody has asked for yet. */
  get waiting(): readonly ClientFrame[] {
    return this.#frames;
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  say(frame: ServerFrame): void {
    this.#socket.send(JSON.stringify(frame));
  }

  ok(ref: number, data?: unknown): void {
    this.say({ type: "reply", ref, ok: true, ...(data === undefined ? {} : { data }) });
  }

  no(ref: number, code: string, retry_after?: number): void {
    const error = { code, detail: `no: ${code}`, ...(retry_after === undefined ? {} : { retry_after }) };
    this.say({ type: "reply", ref, ok: false, error });
  }

  event(topic: string, seq: number, data: unknown = { id: seq }): void {
    this.say({ type: "event", topic, seq, event: "thing.made", at: "2026-03-01T10:00:00Z", data });
  }

  welcome(person: unknown = null): void {
    const time = "2026-03-01T10:00:00.000Z";
    this.say({ type: "welcome", session: "s1", person, ping: 25, time, protocol: 1 });
  }

  /** Take a hello and one join, and answer both with a snapshot at this position. */
  async open(at: Position = ["1.0", 0], snapshot: unknown = []): Promise<void> {
    await this.next("hello");
    this.welcome();
    const { ref } = await this.next("join");
    this.ok(ref, { epoch: at[0], seq: at[1], recovered: false, snapshot });
  }

  close(code: number, reason = ""): void {
    this.#socket.close(code, reason);
  }

  /** Tear the connection without a word, as a tunnel does. */
  cut(): void {
    this.#socket.terminate();
  }
}

export class ScriptedServer {
  readonly #server: WebSocketServer;
  readonly #peers: Peer[] = [];
  #wake: () => void = () => {};
  /** How many have come since the beginning. */
  connections = 0;

  private constructor(server: WebSocketServer) {
    this.#server = server;
    server.on("connection", (socket) => {
      this.connections += 1;
      this.#peers.push(new Peer(socket));
      this.#wake();
    });
  }

  static async start(): Promise<ScriptedServer> {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    await new Promise<void>((resolve) => server.once("listening", resolve));
    return new ScriptedServer(server);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/live/grace`;
  }

  /** Return the next connection. */
  async peer(): Promise<Peer> {
    while (this.#peers.length === 0)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return this.#peers.shift() as Peer;
  }

  async stop(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
