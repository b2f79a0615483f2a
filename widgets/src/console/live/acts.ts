/** What a host does about a message or a person, and how it is taken back where that can be. */

import type {
  AuthorShown,
  BanShown,
  Cleared,
  Undo as Decision,
  LockShown,
  MessageShown,
  RoomChange,
  RoomShown,
  WordsRead,
} from "../../core/generated";
import { AT, type ConsoleApi } from "../api";
import type { LiveWords } from "../words/live";

export const TIMEOUTS = [
  { minutes: 1, key: "1" },
  { minutes: 5, key: "5" },
  { minutes: 10, key: "0" },
  { minutes: 60, key: "6" },
] as const;

/** Somebody about whom something is done. */
export type Person = Pick<AuthorShown, "id" | "name">;

/** What was done, in a sentence, and the call that takes it back; without one it cannot be. */
export interface Done {
  readonly text: string;
  readonly undo?: () => Promise<unknown>;
}

export interface BanChoice {
  readonly days: number; // 0 is for good
  readonly clear: boolean;
  readonly reason: string;
}

/** What is decided about: the words that stood on this screen, not those its author has put there since. */
function wordsRead(edited_at: string | null | undefined): WordsRead {
  return { edited_at: edited_at ?? null };
}

export class Acts {
  readonly #api: ConsoleApi;
  readonly #words: LiveWords;

  constructor(api: ConsoleApi, words: LiveWords) {
    this.#api = api;
    this.#words = words;
  }

  async remove({ room, id, author }: MessageShown): Promise<Done> {
    await this.#api.send("DELETE", `${AT.room(room)}/messages/${encodeURIComponent(id)}`);
    return { text: this.#words.removed(author?.name ?? ""), undo: this.#undo(id, "remove") };
  }

  async pin({ room, id }: MessageShown, on: boolean): Promise<Done> {
    const path = `${AT.room(room)}/messages/${encodeURIComponent(id)}/pin`;
    await this.#api.send(on ? "PUT" : "DELETE", path);
    return {
      text: on ? this.#words.pinned : this.#words.unpinned,
      undo: () => this.#api.send(on ? "DELETE" : "PUT", path),
    };
  }

  async timeout({ id, name }: Person, minutes: number): Promise<Done> {
    await this.#api.send("PUT", AT.timeout(id), { minutes, name });
    return {
      text: this.#words.paused(name, minutes),
      undo: () => this.#api.send("DELETE", AT.timeout(id)),
    };
  }

  async shadow({ id, name }: Person): Promise<Done> {
    await this.#api.send("PUT", AT.shadow(id), { name });
    return { text: this.#words.shadowed(name), undo: () => this.#api.send("DELETE", AT.shadow(id)) };
  }

  async ban({ id, name }: Person, { days, clear, reason }: BanChoice, now = Date.now()): Promise<Done> {
    const expires_at = days ? new Date(now + days * 86_400_000).toISOString() : null;
    const body = { person: id, name, kinds: ["account", "device"], reason, expires_at, clear };
    const ban = await this.#api.send<BanShown>("POST", AT.bans, body);
    return { text: this.#words.banned(name), undo: () => this.#api.send("POST", AT.lift(ban.id)) };
  }

  async approve({ id, author, edited_at }: MessageShown): Promise<Done> {
    await this.#api.send("POST", AT.approve(id), wordsRead(edited_at));
    return { text: this.#words.approved(author?.name ?? ""), undo: this.#undo(id, "approve") };
  }

  async decline({ id, author, edited_at }: MessageShown): Promise<Done> {
    await this.#api.send("POST", AT.decline(id), wordsRead(edited_at));
    return { text: this.#words.declined(author?.name ?? ""), undo: this.#undo(id, "decline") };
  }

  async keep({ id, author, edited_at }: MessageShown): Promise<Done> {
    await this.#api.send("POST", AT.dismiss(id), wordsRead(edited_at));
    return { text: this.#words.kept(author?.name ?? ""), undo: this.#undo(id, "keep") };
  }

  /** Take a word that was left for the hosts off everybody's list; whoever has read it cannot un-read it. */
  async read({ id, author }: MessageShown): Promise<Done> {
    await this.#api.send("POST", AT.readNote(id));
    return { text: this.#words.wasRead(author?.name ?? "") };
  }

  /** Return the call that takes a decision back; the server does it once, and only while it is the newest. */
  #undo(id: string, act: Decision["act"]): () => Promise<unknown> {
    return () => this.#api.send("POST", AT.undo(id), { act });
  }

  /** Take down everything somebody wrote in a room; this cannot be undone. */
  async clear({ id, name }: Person, room: string): Promise<Done> {
    const { removed } = await this.#api.send<Cleared>("POST", AT.clear, { person: id, room });
    return { text: this.#words.cleared(name, removed) };
  }

  /** Close a rehearsal; everything said in it is forgotten. */
  async endRehearsal(gathering: string): Promise<Done> {
    await this.#api.send("DELETE", AT.rehearsal(gathering));
    return { text: this.#words.rehearsalEnded };
  }

  async lockdown(locked: boolean): Promise<Done> {
    await this.#api.send<LockShown>("PUT", AT.lockdown, { locked });
    return {
      text: locked ? this.#words.locked : this.#words.unlocked,
      undo: () => this.#api.send("PUT", AT.lockdown, { locked: !locked }),
    };
  }

  /** Change a room's rules; undoing brings back what they were. */
  async change(room: RoomShown, change: RoomChange): Promise<Done> {
    const before = Object.fromEntries(Object.keys(change).map((key) => [key, room[key as keyof RoomShown]]));
    await this.#api.send("PATCH", AT.room(room.id), change);
    return { text: this.#words.changed, undo: () => this.#api.send("PATCH", AT.room(room.id), before) };
  }

  /** Open the room that only hosts see. */
  backChannel(): Promise<RoomShown> {
    return this.#api.send<RoomShown>("POST", AT.rooms, { kind: "hosts", title: this.#words.backChannel });
  }
}
