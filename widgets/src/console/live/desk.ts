/** A host's connection: the rooms of now, the one that is open, and what waits in all of them. */

import type {
  Behind,
  ReportShown,
  RoomSnapshot,
  Rooms,
  SeatShown,
  SocketToken,
  WordShown,
} from "../../core/generated";
import { Live, type LiveOptions, type LiveState } from "../../core/live";
import { uuid } from "../../core/uuid";
import { ApiError, AT, type ConsoleApi } from "../api";
import { Queue } from "./queue";
import { follow, HostRoom, type Somebody } from "./room";

const LOOK_MS = 15_000; // rooms and reports are read again so often; no frame tells of them
const EARLY_S = 60; // a socket's token is renewed so long before it ends
const SILENT_MS = 10_000; // a node tells who is behind every few seconds; one that went silent is forgotten
const MOST_HELD = 40; // topics of held messages that are joined; a connection may join 64

export class Desk {
  rooms: readonly SeatShown[] | null = null;
  room = new HostRoom();
  readonly queue = new Queue();
  state: LiveState = { kind: "connecting", tries: 0 };
  chosen = "";
  /** The room that shall be opened first, if it is there. */
  wanted = "";
  /** Whether the room that is open went off the list: it is over, and only a host's hand chooses another. */
  closed = false;
  /** Why rooms and reports could not be read the last time. */
  failed: ApiError | null = null;
  readonly #api: ConsoleApi;
  readonly #live: Live;
  readonly #changed: () => void;
  readonly #joined = new Set<string>();
  readonly #hosts = new Map<string, Map<string, Somebody>>(); // by room
  readonly #behind = new Map<string, { readonly count: number; readonly at: number }>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn = 0; // each look has its number; what an older one brings is dropped
  #stopped = false;

  constructor(api: ConsoleApi, url: string, changed: () => void, options: Partial<LiveOptions> = {}) {
    this.#api = api;
    this.#changed = changed;
    this.#live = new Live({
      url,
      pass: async () => {
        const { token, expires_in } = await api.send<SocketToken>("POST", AT.socket);
        return { token, renewIn: Math.max(1, expires_in - EARLY_S) * 1000 };
      },
      onState: (state) => {
        this.state = state;
        changed();
      },
      ...options,
    });
  }

  async start(): Promise<void> {
    this.#live.start();
    await this.look();
  }

  stop(): void {
    this.#stopped = true; // a look under way must not begin the next one
    this.#turn += 1;
    clearTimeout(this.#timer);
    this.#live.stop();
  }

  wake(): void {
    this.#live.wake();
    void this.look();
  }

  /** Read the rooms, the reports and the words that were left, now and again later. */
  look = async (): Promise<void> => {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#turn += 1;
    const turn = this.#turn;
    let signedOut = false;
    try {
      const [{ rooms }, reports, words] = await Promise.all([
        this.#api.get<Rooms>(AT.rooms),
        this.#api.get<{ items: ReportShown[] }>(AT.reports, { limit: "100" }),
        this.#api.get<{ items: WordShown[] }>(AT.notes, { limit: "100" }),
      ]);
      if (turn !== this.#turn) return;
      this.failed = null;
      this.rooms = rooms;
      this.queue.reports = reports.items;
      this.queue.words = words.items;
      const open = rooms.find(({ room }) => room.id === this.chosen);
      if (open && this.room.shown) this.room.shown = open.room;
      this.#watch(rooms);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      signedOut = error.status === 401; // the console shows the sign-in
      if (signedOut || turn !== this.#turn) return;
      this.failed = error;
    } finally {
      if (!signedOut && turn === this.#turn) this.#timer = setTimeout(() => void this.look(), LOOK_MS);
    }
    this.#changed();
  };

  /** The hosts of the open room who are here. */
  get hosts(): ReadonlyMap<string, Somebody> {
    return this.#hosts.get(this.chosen) ?? new Map();
  }

  /** How many people in the open room have not been sent everything yet, over all nodes that say so. */
  get behind(): number {
    const since = Date.now() - SILENT_MS;
    return [...this.#behind.values()].reduce((sum, { count, at }) => sum + (at > since ? count : 0), 0);
  }

  /** Hear what is held in each room, and open one when none is; what is open is never left without a host's doing. */
  #watch(rooms: readonly SeatShown[]): void {
    for (const { room } of rooms.slice(0, MOST_HELD)) this.#hear(room.id);
    if (this.chosen) {
      this.closed = !rooms.some(({ room }) => room.id === this.chosen);
      if (this.closed && this.room.shown?.rehearses) this.room.messages = []; // they are forgotten
      return;
    }
    const first =
      rooms.find(({ room }) => room.id === this.wanted) ??
      rooms.find(({ room }) => room.phase === "open" && room.kind === "gathering") ??
      rooms[0];
    if (first) this.choose(first.room.id);
  }

  #hear(room: string): void {
    const topic = `held:${room}`;
    if (this.#joined.has(topic)) return;
    this.#joined.add(topic);
    this.#live.join(topic, {
      snapshot: (data) => {
        this.queue.snapshot(room, (data as { held: [] }).held);
        this.#changed();
      },
      event: (frame) => {
        this.queue.event(frame);
        this.#changed();
      },
      latest: (frame) => {
        if (room !== this.chosen || frame.event !== "behind") return;
        const { node, count } = frame.data as Behind;
        this.#behind.set(node, { count, at: Date.now() });
        this.#changed();
      },
      presence: (frame) => {
        const hosts = this.#hosts.get(room) ?? new Map<string, Somebody>();
        this.#hosts.set(room, follow(hosts, frame));
        this.#changed();
      },
    });
  }

  choose(id: string): void {
    if (id === this.chosen) return;
    if (this.chosen) this.#live.leave(`chat:${this.chosen}`);
    const room = new HostRoom();
    this.room = room;
    this.chosen = id;
    this.closed = false;
    this.#behind.clear();
    this.#live.join(`chat:${id}`, {
      snapshot: (data) => {
        room.snapshot(data as RoomSnapshot);
        this.#changed();
      },
      event: (frame) => {
        room.event(frame);
        this.#changed();
      },
      presence: (frame) => {
        room.presence(frame);
        this.#changed();
      },
      away: () => this.#changed(),
    });
    this.#changed();
  }

  /** Write into a room, the one that was open when it was written; it survives a lost connection and is done once. */
  say(room: string, body: string, id = uuid()): Promise<unknown> {
    return this.#live.push(`chat:${room}`, "message.send", { body }, id);
  }
}

/** Return where sockets of a church are opened. */
export function liveAddress(location: Pick<Location, "protocol" | "host">, church: string): string {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${location.host}/live/${encodeURIComponent(church)}`;
}
