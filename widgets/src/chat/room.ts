/** What is known of one room: every frame and page is folded in here, and nothing here speaks to anybody. */

import type {
  AuthorShown,
  EphemeralFrame,
  EventFrame,
  Floats,
  History,
  LatestFrame,
  MeSnapshot,
  MessageShown,
  MessagesDecision,
  MessagesMine,
  Pause,
  PresenceFrame,
  ReactionTotals,
  RoomShown,
  RoomSnapshot,
  Typing,
} from "../core/generated";
import { Timeline } from "./timeline";

const TYPING_MS = 5_000;
const MOST_AUTHORS = 2_000; // whose names are remembered for mentions; the longest silent goes first
const MOST_TOLD = 20_000; // states remembered from the log; the first told goes first

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly mark?: string;
}

interface Totals {
  readonly totals: Readonly<Record<string, number>>;
  readonly version: number;
}

export class Room {
  readonly timeline = new Timeline();
  shown: RoomShown | null = null;
  readonly pins = new Map<string, MessageShown>();
  readonly reactions = new Map<string, Totals>();
  readonly given = new Map<string, Set<string>>(); // message → what I gave
  readonly people = new Map<string, Person>();
  readonly authors = new Map<string, AuthorShown>();
  readonly blocked = new Set<string>(); // whose words I do not want to see
  readonly typing = new Map<string, { readonly name: string; readonly until: number }>();
  here = 0;
  readTo = 0;
  newest = 0; // the greatest number anybody has been told of
  timeoutUntil = 0;
  /** Somebody else's message that was posted now, as against read from the past. */
  onPosted: (message: MessageShown) => void = () => {};
  /** Emoji that people threw within the last second. */
  onFloats: (emoji: Readonly<Record<string, number>>) => void = () => {};
  /** A message of mine came back from the server, in whatever state. */
  onMine: (message: MessageShown) => void = () => {};
  readonly #told = new Map<string, MessageShown>(); // states that came by the log; they are never older than a page's
  #me: string | null = null;

  /** Who reads; null is a visitor without a name. */
  set me(id: string | null) {
    if (id === this.#me) return;
    this.#me = id;
    this.given.clear();
    this.readTo = 0;
    this.timeoutUntil = 0;
    this.timeline.touchAll();
  }

  get me(): string | null {
    return this.#me;
  }

  /** The room is open, not yet, or no more, by the server's clock; one without a window is always open. */
  phase(now: number): RoomShown["phase"] {
    const { opens_at, closes_at, archived } = this.shown ?? {};
    if (archived || (closes_at && now >= Date.parse(closes_at))) return "closed";
    return opens_at && now < Date.parse(opens_at) ? "waiting" : "open";
  }

  /** Forget what belongs to the room that was shown: another one comes. */
  leave(): void {
    this.shown = null;
    this.readTo = this.newest = this.here = this.timeoutUntil = 0;
    for (const kept of [this.given, this.people, this.typing, this.pins, this.reactions, this.#told])
      kept.clear();
    this.timeline.reset([], false, false);
  }

  // ---- the room's topic

  snapshot(data: RoomSnapshot): void {
    this.shown = data.room;
    this.#told.clear();
    this.pins.clear();
    this.reactions.clear();
    this.#page(data.messages, data.reactions, data.versions);
    this.timeline.reset(data.messages, data.older, false);
    for (const pin of data.pins) this.pins.set(pin.id, pin);
    for (const message of data.messages) {
      this.#told.set(message.id, message);
      if (message.author?.id === this.#me) this.onMine(message);
    }
    this.newest = Math.max(0, ...data.messages.map((message) => message.number ?? 0));
  }

  event(frame: EventFrame): void {
    if (frame.data === null) return; // something later took it away, and comes later
    if (frame.event === "room.changed") this.shown = frame.data as RoomShown;
    else if (frame.event.startsWith("message.")) this.#take(frame.data as MessageShown, frame.event);
  }

  latest(frame: LatestFrame): void {
    if (frame.event !== "reactions") return;
    const { message, totals, version } = frame.data as ReactionTotals;
    const known = this.reactions.get(message);
    if (known && known.version > version) return;
    this.reactions.set(message, { totals, version });
    this.timeline.touch(message);
  }

  ephemeral(frame: EphemeralFrame, now: number): void {
    if (frame.event === "floats") this.onFloats((frame.data as Floats).emoji);
    if (frame.event !== "typing") return;
    for (const { id, name } of (frame.data as Typing).people)
      if (id !== this.#me) this.typing.set(id, { name, until: now + TYPING_MS });
  }

  presence(frame: PresenceFrame): void {
    this.here = frame.count;
    if (frame.full) this.people.clear();
    for (const person of (frame.joined ?? []) as Person[]) this.people.set(person.id, person);
    for (const id of frame.left ?? []) this.people.delete(id);
  }

  /** Return the names of those who type now, and forget the others. */
  typists(now: number): string[] {
    for (const [id, { until }] of this.typing) if (until <= now) this.typing.delete(id);
    return [...this.typing.values()].map(({ name }) => name);
  }

  // ---- my own topic and what only I see

  meSnapshot(data: MeSnapshot): void {
    this.blocked.clear();
    for (const id of data.blocked) this.blocked.add(id);
    for (const message of data.held) this.own(message);
    this.timeline.touchAll();
  }

  meEvent(frame: EventFrame): void {
    if (frame.data === null) return;
    if (frame.event === "message.approved" || frame.event === "message.declined") {
      const { id, state } = frame.data as MessagesDecision;
      this.#decided(id, state);
    } else if (frame.event.startsWith("message.")) this.own(frame.data as MessageShown);
    else this.#heard(frame.event, (frame.data as { id: string }).id);
  }

  /** A host asks me to pause, or lets me write again. */
  meLatest(frame: LatestFrame): void {
    if (frame.event !== "timeout") return;
    const { until } = frame.data as Pause;
    this.timeoutUntil = until ? Date.parse(until) : 0;
  }

  /** I blocked somebody elsewhere, or whom I blocked has another account now. */
  #heard(event: string, person: string): void {
    if (event === "person.blocked") this.blocked.add(person);
    else if (event === "person.unblocked") this.blocked.delete(person);
    this.timeline.touchAll();
  }

  mine(data: MessagesMine): void {
    this.readTo = Math.max(this.readTo, data.read_to);
    this.timeoutUntil = data.timeout_until ? Date.parse(data.timeout_until) : 0;
    this.given.clear();
    for (const [id, emoji] of Object.entries(data.reactions)) this.given.set(id, new Set(emoji));
    for (const message of data.held) this.own(message);
    this.timeline.touchAll();
  }

  /** Take a message of mine that waits for a host, or that looks posted to me alone. */
  own(message: MessageShown): void {
    if (message.room !== this.shown?.id || this.timeline.get(message.id)?.number) return;
    this.#author(message);
    this.timeline.put(message);
    this.onMine(message);
  }

  /** A host has decided about a message of mine. */
  #decided(id: string, state: "posted" | "declined"): void {
    const message = this.timeline.get(id);
    if (!message || message.number !== null) return;
    if (state === "declined") this.timeline.put({ ...message, state: "declined" });
    else this.timeline.remove(id); // it comes in its place by the room's own topic
  }

  // ---- pages of the past

  /** Take a page in front of, behind, or instead of what is here. */
  history(page: History, where: "older" | "newer" | "instead"): void {
    const messages = page.messages.map((message) => this.#told.get(message.id) ?? message);
    this.#page(messages, page.reactions, page.versions);
    if (where === "older") this.timeline.prepend(messages, page.older);
    else if (where === "newer") this.timeline.append(messages, page.newer);
    else this.timeline.reset(messages, page.older, page.newer);
    if (!this.timeline.newer) this.#catchUp();
  }

  /** Return what is known of a message: where it stands, or as a pin, or as it was told. */
  find(id: string): MessageShown | undefined {
    return this.timeline.get(id) ?? this.#told.get(id) ?? this.pins.get(id);
  }

  /** Change what I gave before the server says so; return how to take it back. */
  give(id: string, emoji: string, on: boolean): () => void {
    const mine = this.given.get(id) ?? new Set();
    if (mine.has(emoji) === on) return () => {};
    const before = this.reactions.get(id);
    const { totals = {}, version = 0 } = before ?? {};
    const guess: Totals = {
      totals: { ...totals, [emoji]: Math.max(0, (totals[emoji] ?? 0) + (on ? 1 : -1)) },
      version,
    };
    const put = (give: boolean, counted: Totals | undefined) => {
      if (give) mine.add(emoji);
      else mine.delete(emoji);
      this.given.set(id, mine);
      if (counted) this.reactions.set(id, counted);
      else this.reactions.delete(id);
      this.timeline.touch(id);
    };
    put(on, guess);
    return () => put(!on, this.reactions.get(id) === guess ? before : this.reactions.get(id));
  }

  // ---- inside

  #take(message: MessageShown, event: string): void {
    this.#told.set(message.id, message);
    if (this.#told.size > MOST_TOLD) this.#told.delete(this.#told.keys().next().value as string);
    this.#author(message);
    const number = message.number ?? 0;
    const isNew = number > this.newest;
    this.newest = Math.max(this.newest, number);
    if (message.pinned && message.state !== "removed") this.pins.set(message.id, message);
    else this.pins.delete(message.id);
    if (message.state === "removed") this.reactions.delete(message.id);
    this.timeline.put(message);
    if (message.author) this.typing.delete(message.author.id);
    const mine = message.author ? message.author.id === this.#me : false;
    if (mine) this.onMine(message);
    else if (message.author && this.blocked.has(message.author.id)) return;
    else if (isNew && event === "message.posted" && message.state !== "removed") this.onPosted(message);
  }

  #page(
    messages: readonly MessageShown[],
    reactions: Readonly<Record<string, Record<string, number>>>,
    versions: Readonly<Record<string, number>>,
  ): void {
    for (const message of messages) this.#author(message);
    for (const [id, totals] of Object.entries(reactions)) {
      const version = versions[id] ?? 0;
      if ((this.reactions.get(id)?.version ?? -1) < version) this.reactions.set(id, { totals, version });
    }
  }

  /** The stretch has reached the newest: what was told meanwhile follows. */
  #catchUp(): void {
    const last = this.timeline.last?.place ?? 0;
    const later = [...this.#told.values()].filter((message) => (message.number ?? 0) > last);
    for (const message of later.sort((a, b) => (a.number ?? 0) - (b.number ?? 0))) this.timeline.put(message);
  }

  #author({ author }: MessageShown): void {
    if (!author) return;
    this.authors.delete(author.id);
    this.authors.set(author.id, author);
    if (this.authors.size > MOST_AUTHORS) this.authors.delete(this.authors.keys().next().value as string);
  }
}
