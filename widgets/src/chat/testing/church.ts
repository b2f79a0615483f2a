/** A church in memory that speaks the real protocol over a real socket: for tests of the chat, and to look at it. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket as Socket, WebSocketServer } from "ws";
import type {
  ClientFrame,
  GatheringShown,
  History,
  JoinFrame,
  MessageShown,
  PushFrame,
  RoomShown,
  ServerFrame,
} from "../../core/generated";

export const ROOM = "0198a000-0000-7000-8000-000000000001";
export const GATHERING = "0198a000-0000-7000-8000-00000000000a";
const HOUR = 3_600_000;

interface Guest {
  readonly id: string;
  name: string;
}

interface Seat {
  readonly socket: Socket;
  person: Guest | null;
  readonly topics: Set<string>;
}

interface Words {
  readonly body: string;
  readonly reply_to?: string | null;
  readonly mentions?: string[];
}

export type Handle = (request: IncomingMessage, answer: ServerResponse) => boolean;

export class ChurchInMemory {
  readonly messages: MessageShown[] = [];
  readonly reactions = new Map<string, Record<string, number>>();
  #version = 0;
  readonly given = new Map<string, Map<string, Set<string>>>();
  readonly guests = new Map<string, Guest>();
  readonly log: { topic: string; seq: number; event: string; at: string; data: unknown }[] = [];
  room: RoomShown;
  gathering: GatheringShown;
  epoch = "1.0";
  /** Answer a send with this error instead of taking it. */
  refuse: { code: string; detail: string; retry_after?: number; extra?: unknown } | null = null;
  /** A name of somebody else: a socket goes on with the name that it came with, until it shows a token again. */
  reserved = "";
  /** Keep replies to sends back, as a slow server does. */
  silent = false;
  /** The need that is found in words that are edited. */
  need = "";
  readTo = 0;
  suspended = false;
  /** Whom the church's website vouches for, by what it says of them. */
  readonly vouched = new Map<string, Guest>();
  ahead = 0; // milliseconds of the server's clock before ours
  readonly seats = new Set<Seat>();
  readonly #server: Server;
  readonly #sockets: WebSocketServer;

  /** `handle` answers what is no API, such as pages; false passes. */
  constructor(handle: Handle = () => false) {
    const now = Date.now();
    const at = (offset: number) => new Date(now + offset).toISOString();
    this.gathering = {
      id: GATHERING,
      title: "Sunday worship",
      starts_at: at(-HOUR / 2),
      ends_at: at(HOUR),
      zone: "America/New_York",
      video_url: "",
      opens_before: 30,
      closes_after: 30,
      opens_at: at(-HOUR),
      closes_at: at(1.5 * HOUR),
      cancelled: false,
    };
    this.room = {
      id: ROOM,
      kind: "gathering",
      title: "Sunday worship",
      gathering: GATHERING,
      opens_at: this.gathering.opens_at,
      closes_at: this.gathering.closes_at,
      phase: "open",
      slow_seconds: 0,
      hold: "none",
      locked: false,
      lockdown: false,
      archived: false,
      rehearses: null,
    };
    this.#server = createServer((request, answer) => {
      if (!handle(request, answer)) this.#http(request, answer);
    });
    this.#sockets = new WebSocketServer({ noServer: true });
    this.#server.on("upgrade", (request, socket, head) => {
      if (this.suspended) socket.end("HTTP/1.1 503 Service Unavailable\r\n\r\n");
      else this.#sockets.handleUpgrade(request, socket, head, (opened) => this.#connected(opened));
    });
  }

  async start(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  // ---- what happens in the church

  guest(name: string, id = crypto.randomUUID() as string): Guest {
    const guest = { id, name };
    this.guests.set(id, guest);
    return guest;
  }

  /** Put a message into the room without telling anybody: it is the past. */
  seed(author: Guest, body: string, at: number, more: Partial<MessageShown> = {}): MessageShown {
    const number = this.messages.length + 1;
    const message: MessageShown = {
      id: crypto.randomUUID(),
      room: this.room.id,
      number,
      at: new Date(at).toISOString(),
      author: { id: author.id, kind: "guest", name: author.name },
      body,
      ...more,
    };
    this.messages.push(message);
    return message;
  }

  say(author: Guest, body: string, more: Partial<MessageShown> = {}): MessageShown {
    const message = this.seed(author, body, Date.now(), more);
    this.tell(`chat:${this.room.id}`, "message.posted", message);
    return message;
  }

  change(message: MessageShown, more: Partial<MessageShown>, event: string): MessageShown {
    const changed = { ...message, ...more };
    this.messages[this.messages.findIndex(({ id }) => id === message.id)] = changed;
    this.tell(`chat:${this.room.id}`, event, changed);
    return changed;
  }

  takeDown(message: MessageShown, by: "author" | "host" = "host"): void {
    const { id, room, number, at } = message;
    const gone: MessageShown = { id, room, number, at, state: "removed", removed_by: by };
    for (const entry of this.log) if ((entry.data as MessageShown | null)?.id === id) entry.data = null;
    this.messages[this.messages.findIndex((other) => other.id === id)] = gone;
    this.tell(`chat:${this.room.id}`, "message.removed", gone);
  }

  changeRoom(more: Partial<RoomShown>): void {
    this.room = { ...this.room, ...more };
    this.tell(`chat:${this.room.id}`, "room.changed", this.room);
  }

  tell(topic: string, event: string, data: unknown): void {
    const seq = this.#head(topic) + 1;
    const at = new Date().toISOString();
    this.log.push({ topic, seq, event, at, data });
    this.#all(topic, { type: "event", topic, seq, event, at, data });
  }

  pass(type: "latest" | "ephemeral", event: string, data: unknown): void {
    this.#all(`chat:${this.room.id}`, { type, topic: `chat:${this.room.id}`, event, data });
  }

  /** Close the room of now, and open the one of another gathering. */
  follow(title: string, id = crypto.randomUUID() as string): void {
    const now = Date.now() + this.ahead;
    const at = (offset: number) => new Date(now + offset).toISOString();
    this.changeRoom({ closes_at: at(-1_000), phase: "closed" });
    const window = { opens_at: at(-HOUR), closes_at: at(HOUR) };
    this.gathering = { ...this.gathering, ...window, id: `g-${id}`, title };
    this.room = { ...this.room, ...window, id, title, gathering: this.gathering.id, phase: "open" };
    this.messages.length = 0;
    this.readTo = 0;
  }

  /** Pause the whole church, or let it go on. */
  suspend(suspended: boolean): void {
    this.suspended = suspended;
    if (suspended) this.close(4501, "not allowed in");
  }

  cut(): void {
    for (const { socket } of this.seats) socket.terminate();
  }

  close(code: number, reason = ""): void {
    for (const { socket } of this.seats) socket.close(code, reason);
  }

  presence(count = this.seats.size, people: readonly Guest[] = [...this.guests.values()]): void {
    this.#all(`chat:${this.room.id}`, {
      type: "presence",
      topic: `chat:${this.room.id}`,
      count,
      full: true,
      joined: [...people],
    });
  }

  // ---- sockets

  #connected(socket: Socket): void {
    const seat: Seat = { socket, person: null, topics: new Set() };
    this.seats.add(seat);
    socket.on("close", () => this.seats.delete(seat));
    socket.on("message", (data) => this.#take(seat, JSON.parse(String(data)) as ClientFrame));
  }

  #take(seat: Seat, frame: ClientFrame): void {
    if (frame.type === "hello") {
      seat.person = this.guests.get(frame.token?.replace("access-", "") ?? "") ?? null;
      const person = seat.person ?? { id: null, name: "" };
      this.#say(seat, {
        type: "welcome",
        session: "s",
        person,
        ping: 25,
        time: new Date(Date.now() + this.ahead).toISOString(),
        protocol: 1,
      });
    } else if (frame.type === "token") seat.person = { ...(this.guests.get(frame.token.slice(7)) as Guest) };
    else if (frame.type === "ping") this.#say(seat, { type: "pong" });
    else if (frame.type === "join") this.#join(seat, frame);
    else if (frame.type === "leave") {
      seat.topics.delete(frame.topic);
      this.#ok(seat, frame.ref);
    } else if (frame.type === "push") this.#push(seat, frame);
  }

  #join(seat: Seat, { ref, topic, after }: JoinFrame): void {
    seat.topics.add(topic);
    const seq = this.#head(topic);
    if (after && after[0] === this.epoch && seq - after[1] <= 300) {
      const events = this.log.filter((entry) => entry.topic === topic && entry.seq > after[1]);
      this.#ok(seat, ref, {
        epoch: this.epoch,
        seq,
        recovered: true,
        events: events.map((entry) => ({ type: "event", ...entry })),
      });
    } else this.#ok(seat, ref, { epoch: this.epoch, seq, recovered: false, snapshot: this.#snapshot(topic) });
    if (topic.startsWith("chat:")) {
      const joined = seat.person ? [...this.guests.values()] : undefined;
      this.#say(seat, {
        type: "presence",
        topic,
        count: Math.max(this.seats.size, this.guests.size),
        full: true,
        ...(joined ? { joined } : {}),
      });
    }
  }

  #snapshot(topic: string): unknown {
    if (!topic.startsWith("chat:")) return { held: [], blocked: [] };
    const messages = this.messages.slice(-50);
    const pins = this.messages.filter((message) => message.pinned);
    return {
      room: this.room,
      messages,
      reactions: this.#totals(messages),
      versions: this.#versions(messages),
      pins,
      older: this.messages.length > 50,
    };
  }

  #push(seat: Seat, { ref, event, data, id }: PushFrame): void {
    if (event === "typing") this.pass("ephemeral", "typing", { people: [seat.person], count: 1 });
    else if (!seat.person) this.#no(seat, ref, { code: "unauthenticated", detail: "" });
    else if (event === "message.send") this.#sent(seat, seat.person, ref, id ?? "", data as Words);
    else
      this.#ok(
        seat,
        ref,
        this.#done(event, id ?? "", data as { number?: number; body?: string; emoji?: string }),
      );
  }

  #done(event: string, id: string, given: { number?: number; body?: string; emoji?: string }): unknown {
    const message = this.messages.find((other) => other.id === id);
    if (event === "read") this.readTo = given.number ?? 0;
    if (event === "mine")
      return { read_to: this.readTo, unread: 0, reactions: {}, held: [], timeout_until: null };
    if (message && event === "message.edit")
      this.change(message, { body: given.body ?? "", edited_at: new Date().toISOString() }, "message.edited");
    if (message && event === "message.delete") this.takeDown(message, "author");
    if (message && event.startsWith("reaction."))
      this.#react(message.id, given.emoji ?? "", event === "reaction.add" ? 1 : -1);
    return event === "message.edit" && this.need ? { card: this.need } : {};
  }

  #sent(
    seat: Seat,
    person: Guest,
    ref: number,
    id: string,
    { body, reply_to = null, mentions = [] }: Words,
  ): void {
    const taken = person.name === this.reserved ? { code: "name_taken", detail: "" } : null;
    if (taken || this.refuse) {
      this.#no(seat, ref, taken ?? (this.refuse as { code: string; detail: string }));
      return;
    }
    const known = this.messages.some((message) => message.id === id);
    if (!known) this.say(person, body, { id, reply_to, mentions });
    if (!this.silent) this.#ok(seat, ref, { id, at: new Date().toISOString(), state: "posted" });
  }

  #react(id: string, emoji: string, by: number): void {
    const totals = this.reactions.get(id) ?? {};
    totals[emoji] = Math.max(0, (totals[emoji] ?? 0) + by);
    this.reactions.set(id, totals);
    this.pass("latest", "reactions", { message: id, totals, version: ++this.#version });
  }

  #versions(messages: readonly MessageShown[]): Record<string, number> {
    return Object.fromEntries(messages.map(({ id }) => [id, this.#version]));
  }

  #totals(messages: readonly MessageShown[]): Record<string, Record<string, number>> {
    return Object.fromEntries(messages.map(({ id }) => [id, this.reactions.get(id) ?? {}]));
  }

  #head(topic: string): number {
    return this.log.filter((entry) => entry.topic === topic).length;
  }

  #all(topic: string, frame: ServerFrame): void {
    for (const seat of this.seats) if (seat.topics.has(topic)) this.#say(seat, frame);
  }

  #say({ socket }: Seat, frame: ServerFrame): void {
    socket.send(JSON.stringify(frame));
  }

  #ok(seat: Seat, ref: number, data?: unknown): void {
    this.#say(seat, { type: "reply", ref, ok: true, ...(data === undefined ? {} : { data }) });
  }

  #no(seat: Seat, ref: number, error: { code: string; detail: string }): void {
    this.#say(seat, { type: "reply", ref, ok: false, error });
  }

  // ---- HTTP

  #http(request: IncomingMessage, answer: ServerResponse): void {
    const url = new URL(request.url ?? "", "http://church");
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body =
        parts.length > 0 ? (JSON.parse(String(Buffer.concat(parts))) as Record<string, string>) : {};
      const found = this.suspended ? null : this.#route(request.method ?? "GET", url, body);
      answer.writeHead(this.suspended ? 503 : found ? 200 : 404, {
        "content-type": "application/json",
        "access-control-allow-origin": "*",
      });
      const code = this.suspended ? "church_suspended" : "not_found";
      answer.end(JSON.stringify(found ?? { code, detail: "" }));
    });
  }

  #route(method: string, url: URL, body: Record<string, string>): unknown {
    const path = url.pathname.replace(/^\/api\/v1\/[^/]+/, "");
    if (path === "/events/gatherings/now") {
      const over = Date.now() > Date.parse(this.gathering.closes_at);
      const early = Date.now() < Date.parse(this.gathering.opens_at);
      return { current: early || over ? null : this.gathering, next: early ? this.gathering : null };
    }
    if (path === `/events/gatherings/${this.gathering.id}/room`) return this.room;
    if (path === `/chat/rooms/${this.room.id}/messages`) return this.#history(url.searchParams);
    if (path === "/chat/rooms") {
      const phase = Date.now() > Date.parse(this.room.closes_at ?? "") ? "closed" : "open";
      return { rooms: [{ room: { ...this.room, phase }, read_to: 0, unread: 0 }] };
    }
    if (path === "/auth/guest" && method === "POST") return this.#tokens(this.guest(body.nickname ?? ""));
    if (path === "/guests/me") {
      const [guest] = [...this.guests.values()].slice(-1);
      if (guest) this.guests.set(guest.id, { ...guest, name: body.nickname ?? "" });
      return { nickname: body.nickname };
    }
    if (path === "/auth/identity") return this.#tokens(this.vouched.get(body.token ?? ""));
    if (path === "/auth/refresh")
      return this.#tokens(this.guests.get(body.refresh_token?.replace("refresh-", "") ?? ""));
    return null;
  }

  #tokens(guest: Guest | undefined): unknown {
    if (!guest) return null;
    return {
      access_token: `access-${guest.id}`,
      refresh_token: `refresh-${guest.id}`,
      expires_in: 600,
      id: guest.id,
      token_type: "Bearer",
    };
  }

  #history(query: URLSearchParams): History {
    const limit = Number(query.get("limit") ?? 50);
    const { length } = this.messages;
    const around = this.messages.findIndex(({ id }) => id === query.get("around"));
    const before = query.get("before");
    const after = query.get("after");
    let from = Math.max(0, (before ? Number(before) - 1 : length) - limit);
    if (around >= 0) from = Math.max(0, around - limit / 2);
    else if (after) from = Number(after);
    const to = before && around < 0 ? Number(before) - 1 : Math.min(length, from + limit);
    const messages = this.messages.slice(from, to);
    return {
      messages,
      reactions: this.#totals(messages),
      versions: this.#versions(messages),
      older: from > 0,
      newer: to < length,
    };
  }
}
