/** The chat of one church as this reader takes part in it: connection, room, own messages, name. Screens only watch. */

import { type Asker, hearSignIn, type SignedIn } from "../core/elsewhere";
import {
  CLOSES,
  type EphemeralFrame,
  type EventFrame,
  type GatheringShown,
  type LatestFrame,
  type MeSnapshot,
  type MessageShown,
  type PresenceFrame,
  type RoomShown,
  type RoomSnapshot,
} from "../core/generated";
import { Http, HttpError } from "../core/http";
import { Live, type LiveState } from "../core/live";
import { memoryOf } from "../core/page";
import { LiveError } from "../core/requests";
import { Session } from "../core/session";
import type { Memory } from "../core/storage";
import { Timers } from "../core/timers";
import { whatIsOn } from "./now";
import { Outbox } from "./outbox";
import type { Page } from "./page";
import { Room } from "./room";
import { Sender } from "./sender";
import { Api, type Card, codeOf, myTopic, RoomWire, roomTopic, wordsCodeOf } from "./wire";

const TYPING_EVERY_MS = 3_000;
const READ_EVERY_MS = 2_000;
const LOOK_EVERY_MS = 40_000; // half of it to one and a half, so that a whole church does not ask at once
const ASK_AGAIN_MS = 5_000;

/** What stands in place of the room while there is none. */
export type Stage = "loading" | "nothing" | "failed" | "suspended" | "room";

/** Why a name is asked for, and what was wrong with the last one. */
export interface Naming {
  readonly why: "send" | "change";
  readonly code?: string;
}

export class Chat {
  readonly room = new Room();
  readonly session: Session;
  readonly api: Api;
  readonly live: Live;
  readonly memory: Memory;
  readonly outbox: Outbox;
  stage: Stage = "loading";
  why = ""; // the code of what keeps the reader out
  connection: LiveState = { kind: "connecting", tries: 0 };
  joined = false; // what is shown is what the server has
  gathering: GatheringShown | null = null;
  next: GatheringShown | null = null;
  naming: Naming | null = null;
  site = "";
  readBefore = 0; // how far this reader had read before this visit
  watched = true; // the reader can see us: neither the page nor its panel is hidden
  card = ""; // the server saw somebody in need in these words, and this is the card to show
  /** An older or newer page is under way, or could not be had. */
  paging: Partial<Record<"older" | "newer", "loading" | "failed">> = {};
  /** Called after anything has changed; screens draw when they find time. */
  changed: () => void = () => {};
  readonly #page: Page;
  readonly #open: Api; // for what is asked with a proof of its own
  readonly #sender: Sender;
  #wire: RoomWire | null = null;
  #entered = "";
  #told: Pick<Page, "now" | "room">; // what the page said is on; later we ask
  #skew = 0; // the server's clock minus ours
  #typedAt = 0;
  #readSent = 0;
  readonly #timers = new Timers();

  constructor(page: Page) {
    this.#page = this.#told = page;
    this.#open = new Api(new Http(page.api));
    this.memory = memoryOf(page);
    this.session = new Session(this.memory, `narthex:${page.church.slug}`, (old) => this.#open.refresh(old));
    this.session.changed = () => this.#someoneElse();
    this.api = new Api(new Http(page.api, (refused) => this.session.token(refused)));
    this.live = new Live({
      url: page.live,
      pass: (why) => this.session.pass(why),
      onState: (state) => this.#connected(state),
    });
    this.outbox = new Outbox(this.memory, () => this.changed());
    this.#sender = new Sender({
      outbox: this.outbox,
      room: () => this.#entered,
      signedIn: () => this.session.person !== null,
      send: (id, words) => this.#wire?.send(id, words) ?? Promise.reject(new LiveError("not_joined")),
      ask: (code) => this.ask({ why: "send", ...(code ? { code } : {}) }),
      renew: () => this.live.renew(),
      taken: this.#taken,
    });
    this.room.me = this.session.person?.id ?? null;
    this.room.onMine = (message) => this.outbox.drop(message.id);
  }

  get church(): string {
    return this.#page.church.name;
  }

  get phase(): RoomShown["phase"] {
    return this.room.phase(this.now);
  }

  /** The server's time in milliseconds, by our clock set right. */
  get now(): number {
    return Date.now() + this.#skew;
  }

  // ---- coming in

  async start(): Promise<void> {
    hearSignIn(
      () => this.#asker(),
      (signedIn) => this.#signedIn(signedIn),
    );
    if (this.#page.church.status === "suspended") return this.#rest();
    this.live.start(); // the handshake goes on while we ask what is on
    await this.look();
  }

  /** Ask what is on, and enter its room; safe to repeat, and repeated while the room we are in is not the one of now. */
  async look(): Promise<void> {
    try {
      const told = this.#told;
      this.#told = {};
      const { gathering, next, room } = await whatIsOn(this.api, told, this.now);
      this.gathering = gathering;
      this.next = next;
      if (this.stage === "suspended" && this.connection.kind !== "online") this.live.restart();
      if (room) this.#enter(room);
      else this.#to("nothing");
      this.#lookLater(LOOK_EVERY_MS);
    } catch (error) {
      if (error instanceof HttpError && error.code === "church_suspended") return this.#rest();
      if (this.stage === "loading") this.#to("failed");
      this.#lookLater(ASK_AGAIN_MS); // whatever it was: a page that stays open must look again
      if (!(error instanceof HttpError)) throw error;
    }
  }

  /** Try to come in again, because the reader asks for it: what kept them out may be undone. */
  again(): void {
    this.live.restart();
    void this.look();
  }

  /** The church has paused its chat: say so, and look now and then whether it goes on. */
  #rest(): void {
    this.#to("suspended");
    this.#lookLater(LOOK_EVERY_MS);
  }

  #lookLater(milliseconds: number): void {
    this.#timers.later("look", milliseconds * (0.5 + Math.random()), () => {
      const fine = this.stage === "room" && this.phase !== "closed" && this.connection.kind === "online";
      if (fine || this.why) this.#lookLater(milliseconds);
      else void this.look();
    });
  }

  #enter(room: string): void {
    if (room === this.#entered && !this.why) {
      this.#to("room");
      return;
    }
    if (this.#entered) this.live.leave(roomTopic(this.#entered));
    if (room !== this.#entered) this.room.leave();
    this.#entered = room;
    this.why = "";
    this.joined = false;
    this.paging = {};
    this.readBefore = this.#readSent = 0;
    this.#wire = new RoomWire(this.live, room);
    this.live.join(roomTopic(room), {
      snapshot: (data) => this.#seen(() => this.room.snapshot(data as RoomSnapshot)),
      event: (frame: EventFrame) => this.#seen(() => this.room.event(frame)),
      latest: (frame: LatestFrame) => this.#seen(() => this.room.latest(frame)),
      ephemeral: (frame: EphemeralFrame) => this.#seen(() => this.room.ephemeral(frame, Date.now())),
      presence: (frame: PresenceFrame) => this.#seen(() => this.room.presence(frame)),
      phase: (phase) => this.#joined(phase === "joined"),
      away: ({ code }) => {
        this.why = code;
        this.#to("failed");
      },
    });
    this.#joinMine();
    this.#to("room");
    for (const item of this.outbox.items)
      if (item.room !== room) this.outbox.mark(item.id, "failed", { code: "room_closed" });
    this.#sender.resume(["sending", "later"]);
  }

  #joinMine(): void {
    if (!this.session.person) return;
    this.live.join(myTopic(this.session.person.id), {
      snapshot: (data) => this.#seen(() => this.room.meSnapshot(data as MeSnapshot)),
      event: (frame: EventFrame) => this.#seen(() => this.room.meEvent(frame)),
      latest: (frame: LatestFrame) => this.#seen(() => this.room.meLatest(frame)),
    });
  }

  #joined(joined: boolean): void {
    this.joined = joined;
    if (joined) void this.#askMine();
    this.changed();
  }

  async #askMine(): Promise<void> {
    if (!this.session.person) return;
    try {
      const mine = await this.#wire?.mine();
      if (!mine) return;
      this.readBefore ||= mine.read_to;
      this.room.mine(mine);
      this.changed();
    } catch (error) {
      if (!(error instanceof LiveError)) throw error; // cut: asked again with the next join
    }
  }

  #connected(state: LiveState): void {
    this.connection = state;
    if (state.kind === "online") {
      const { time, person } = state.welcome;
      this.#skew = Date.parse(time) - Date.now();
      this.session.called(person as { id?: string; name?: string }); // how the name of whom a website vouches for comes
      if (this.stage === "suspended") void this.look();
    } else if (state.kind === "ended" && state.code === CLOSES.NOT_ALLOWED) void this.look(); // paused, or what else?
    this.changed();
  }

  /** Somebody signed in or out, here or in another tab: the same room, read with other eyes. */
  #someoneElse(): void {
    const me = this.session.person?.id ?? null;
    if (me !== this.room.me) {
      if (this.room.me) this.live.leave(myTopic(this.room.me));
      this.room.me = me;
      this.live.restart();
      if (this.stage === "room") this.#joinMine();
    }
    this.changed();
  }

  // ---- who I am

  /** Take a nickname and send what waited for it. */
  async signIn(nickname: string): Promise<void> {
    const { consent } = this.#page;
    try {
      if (this.session.person) {
        this.session.rename((await this.api.rename(nickname)).nickname);
        await this.#sender.renamed();
      } else
        this.session.adopt(
          await this.api.guest(nickname, consent.version, this.site, document.documentElement.lang),
          nickname,
        );
      this.naming = null;
      this.#sender.resume(["unsigned"]);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.naming = { why: this.naming?.why ?? "change", code: error.code };
    }
    this.changed();
  }

  /** Take the word of the church's website for who this is; one it cannot prove leaves the reader as they were. */
  async vouched(identity: string): Promise<void> {
    try {
      this.#signedIn({ tokens: await this.#open.identity(identity, this.site), name: "" });
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
    }
  }

  /** Somebody signed in with an account in a tab that was opened from here; what waited for a name has one now. */
  #signedIn({ tokens, name }: SignedIn): void {
    this.session.adopt(tokens, name, true);
    this.naming = null;
    this.#sender.resume(["unsigned"]);
    this.changed();
  }

  /** A guest who becomes a member keeps what they wrote. */
  async #asker(): Promise<Asker> {
    if (this.session.person?.member) return { guest: "", site: this.site };
    return { guest: (await this.session.token().catch(() => null)) ?? "", site: this.site };
  }

  async signOut(): Promise<void> {
    await this.api.signOut().catch(() => undefined); // the tokens are forgotten here in any case
    this.session.end();
  }

  ask(naming: Naming | null): void {
    this.naming = naming;
    this.changed();
  }

  // ---- my words

  post(body: string, replyTo: string | null, mentions: readonly string[]): void {
    void this.#sender.send(this.outbox.add(this.#entered, body, replyTo, mentions, this.now));
  }

  retry(id: string): void {
    this.#sender.retry(id);
  }

  discard(id: string): void {
    this.outbox.drop(id);
  }

  /** Change or take back what I said; resolve with the code of what is against it, or null. */
  async edit(id: string, body: string): Promise<string | null> {
    return wordsCodeOf(this.#wire?.edit(id, body), this.#taken);
  }

  async remove(id: string): Promise<string | null> {
    return codeOf(this.#wire?.remove(id));
  }

  async react(message: MessageShown, emoji: string): Promise<string | null> {
    if (!this.session.person) {
      this.ask({ why: "send" });
      return null;
    }
    const on = !this.room.given.get(message.id)?.has(emoji);
    const undo = this.room.give(message.id, emoji, on);
    this.changed();
    const code = await codeOf(this.#wire?.react(message.id, emoji, on));
    if (code) undo();
    this.changed();
    return code;
  }

  leaveWord(id: string, body: string): Promise<string | null> {
    return wordsCodeOf(this.api.leaveWord(this.#entered, id, body), this.#taken);
  }

  typing(): void {
    if (!this.session.person || Date.now() - this.#typedAt < TYPING_EVERY_MS) return;
    this.#typedAt = Date.now();
    this.#wire?.typing();
  }

  /** Throw an emoji over everybody's screen; without a name that is asked for first. */
  float(emoji: string): void {
    if (this.session.person) this.#wire?.float(emoji);
    else this.ask({ why: "send" });
  }

  report(message: string, reason: string, note: string): Promise<string | null> {
    return codeOf(this.api.report(this.room.shown?.id ?? "", message, reason, note));
  }

  async block(person: string, on: boolean): Promise<string | null> {
    const code = await codeOf(this.api.block(person, on));
    if (code) return code;
    if (on) this.room.blocked.add(person);
    else this.room.blocked.delete(person);
    this.room.timeline.touchAll();
    this.changed();
    return null;
  }

  // ---- reading

  /** Everything up to here was seen; told to the server at most every few seconds. */
  seen(number: number): void {
    if (number <= this.room.readTo) return;
    this.room.readTo = number;
    this.changed();
    if (this.#timers.has("read")) return;
    this.#timers.later("read", READ_EVERY_MS, () => {
      const mark = this.room.readTo;
      if (!this.session.person || mark === this.#readSent) return;
      this.#readSent = mark;
      this.#wire?.read(mark).catch(() => {
        this.#readSent = 0; // told again with the next one
      });
    });
  }

  /** Fetch the next page in a direction, unless one is under way. */
  async more(direction: "older" | "newer"): Promise<void> {
    const { timeline, shown } = this.room;
    const edge = direction === "older" ? timeline.first?.message.number : timeline.last?.message.number;
    if (!shown || !timeline[direction] || this.paging[direction] === "loading" || !edge) return;
    await this.#fetch(direction, direction === "older" ? { before: edge } : { after: edge });
  }

  /** Bring a message onto the stretch, wherever it is; resolve with whether it can be shown. */
  async reach(id: string): Promise<boolean> {
    if (this.room.timeline.has(id)) return true;
    await this.#fetch("instead", { around: id });
    return this.room.timeline.has(id);
  }

  /** Return to the newest messages. */
  async newest(): Promise<void> {
    if (this.room.timeline.newer) await this.#fetch("instead", {});
  }

  async #fetch(
    where: "older" | "newer" | "instead",
    at: { before?: number; after?: number; around?: string },
  ): Promise<void> {
    const room = this.room.shown?.id;
    if (!room) return;
    const side = where === "instead" ? "older" : where;
    this.paging = { ...this.paging, [side]: "loading" };
    this.changed();
    try {
      const page = await this.api.history(room, at);
      this.room.history(page, where);
      this.paging = {};
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.paging = { ...this.paging, [side]: "failed" };
    }
    this.changed();
  }

  // ---- inside

  #taken = ({ card = "" }: Card): void => {
    this.card = card;
    if (card) this.changed();
  };

  #seen(fold: () => void): void {
    fold();
    this.changed();
  }

  #to(stage: Stage): void {
    this.stage = stage;
    this.changed();
  }
}
