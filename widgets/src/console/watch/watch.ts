/** What every page of the console knows: what waits on one's queues, what rings, and whether one is on duty. */

import type {
  AlarmShown,
  CareGiven,
  CaseShown,
  LatestFrame,
  QueueSnapshot,
  SocketToken,
} from "../../core/generated";
import { Live, type LiveOptions, type LiveState } from "../../core/live";
import { ApiError, AT, type ConsoleApi } from "../api";
import { follow, type Somebody } from "../live/room";
import { Cases, type Team } from "./cases";
import { Duty } from "./duty";

const EARLY_S = 60; // a socket's token is renewed so long before it ends
const DRAW_MS = 50; // a flood of frames is told at most so often
const MOST_READ = 100;
const FEW = 50; // so few are left of a long queue: read on

export class Watch {
  readonly cases: Cases;
  readonly duty: Duty;
  readonly live: Live;
  readonly alarms = new Map<string, AlarmShown>();
  /** Conversations that somebody handed over to us, until we look at them. */
  readonly given = new Set<string>();
  state: LiveState = { kind: "connecting", tries: 0 };
  /** The queues whose list has come. */
  readonly read = new Set<Team>();
  readonly #here = new Map<Team, Map<string, Somebody>>();
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #long = new Set<Team>(); // of these not all was sent
  #reading = false;

  constructor(
    readonly api: ConsoleApi,
    url: string,
    readonly me: string,
    readonly teams: readonly Team[],
    language: string,
    options: Partial<LiveOptions> = {},
  ) {
    this.cases = new Cases(teams);
    this.duty = new Duty(api, this.#changed, language);
    this.live = new Live({
      url,
      pass: async () => {
        const { token, expires_in } = await api.send<SocketToken>("POST", AT.socket);
        return { token, renewIn: Math.max(1, expires_in - EARLY_S) * 1000 };
      },
      onState: (state) => {
        this.state = state;
        this.#changed();
      },
      ...options,
    });
  }

  start(): void {
    for (const team of this.teams) this.#join(team);
    this.live.join(`me:${this.me}`, {
      snapshot: () => void this.#ring(),
      event: (frame) => {
        if (frame.event.startsWith("alarm.") && frame.data) this.heard(frame.data as AlarmShown);
        if (frame.event === "care.given" && frame.data) this.#give(frame.data as CareGiven);
      },
    });
    this.live.start();
    if (this.teams.includes("care")) void this.duty.start();
    window.addEventListener("online", this.#wake);
    document.addEventListener("visibilitychange", this.#wake);
  }

  stop(): void {
    clearTimeout(this.#timer);
    window.removeEventListener("online", this.#wake);
    document.removeEventListener("visibilitychange", this.#wake);
    this.duty.stop();
    this.live.stop();
  }

  /** Be told when anything here has changed; returns how to be left alone again. */
  listen(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  /** Who else works on a queue just now. */
  here(team: Team): readonly Somebody[] {
    return [...(this.#here.get(team)?.values() ?? [])].filter(({ id }) => id !== this.me);
  }

  /** Take an alarm's newest state. */
  heard(alarm: AlarmShown): void {
    if (alarm.seen) this.alarms.delete(alarm.id);
    else this.alarms.set(alarm.id, alarm);
    this.#changed();
  }

  /** Note that we look at a conversation that was handed over to us. */
  looked(conversation: string): void {
    if (this.given.delete(conversation)) this.#changed();
  }

  /** What calls for us at once: alarms, conversations handed over, and while on duty whoever waits to pray. */
  get calls(): readonly string[] {
    const waits = this.duty.on ? this.cases.list.filter(({ kind }) => kind === "care") : [];
    return [...this.alarms.keys(), ...this.given, ...waits.map(({ id }) => id)];
  }

  /** Take a case as an answer told it. */
  take(shown: CaseShown): void {
    this.cases.take(shown);
    this.#changed();
  }

  #give({ id }: CareGiven): void {
    this.given.add(id);
    this.#changed();
  }

  #changed = (): void => {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const listener of this.#listeners) listener();
      void this.#readMore();
    }, DRAW_MS);
  };

  #wake = (): void => {
    if (document.visibilityState === "visible") this.live.wake();
  };

  #join(team: Team): void {
    this.live.join(`queue:${team}`, {
      snapshot: (data) => {
        const snapshot = data as QueueSnapshot;
        this.cases.begin(team, snapshot);
        if (snapshot.waiting > snapshot.cases.length) this.#long.add(team);
        else this.#long.delete(team);
        this.read.add(team);
        this.#changed();
      },
      event: (frame) => {
        if (frame.data) this.cases.event(team, frame.data as CaseShown);
        this.#changed();
      },
      latest: (frame: LatestFrame) => {
        if (frame.event === "waiting") this.cases.count(team, (frame.data as QueueSnapshot).waiting);
        this.#changed();
      },
      presence: (frame) => {
        this.#here.set(team, follow(this.#here.get(team) ?? new Map(), frame));
        this.#changed();
      },
    });
  }

  /** What rang while nobody of us was connected stands on no topic's snapshot. */
  async #ring(): Promise<void> {
    const ringing = await this.api.get<AlarmShown[]>(AT.alarms).catch(() => null);
    if (!ringing) return;
    this.alarms.clear();
    for (const alarm of ringing) this.heard(alarm);
    this.#changed();
  }

  /** A queue sends its first hundred; when they are done, read on. */
  async #readMore(): Promise<void> {
    const team = [...this.#long].find((one) => this.cases.known(one) < FEW);
    if (!team || this.#reading) return;
    this.#reading = true;
    try {
      const query = { team, limit: String(MOST_READ) };
      const { items } = await this.api.get<{ items: CaseShown[] }>(AT.queue, query);
      for (const one of items) this.cases.take(one);
      if (items.length < MOST_READ) this.#long.delete(team);
      this.#changed();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    } finally {
      this.#reading = false;
    }
  }
}
