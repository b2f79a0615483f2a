/** What is on at a church: the gathering of now, the room that has just closed, or what comes next. */

import type { GatheringShown } from "../core/generated";
import type { Page } from "./page";
import type { Api } from "./wire";

const SOON_MS = 2 * 3_600_000; // a gathering that opens within this is waited for, not the last one looked back at

export interface On {
  readonly gathering: GatheringShown | null;
  readonly next: GatheringShown | null; // the one after it, or after the room that closed
  readonly room: string | null;
}

/** Ask the server, but for what the page has `told` already. */
export async function whatIsOn(api: Api, told: Pick<Page, "now" | "room">, at: number): Promise<On> {
  const { current, next } = told.now ?? (await api.now());
  const over = current ? null : await justClosed(api, next, at);
  if (over) return { gathering: null, next, room: over };
  const gathering = current ?? next;
  const room = gathering && (told.room ?? (await api.roomOf(gathering.id))).id;
  return { gathering, next: current && next, room };
}

/** Return the room that closed last, while people may still want to read there and nothing new is near. */
async function justClosed(api: Api, next: GatheringShown | null, at: number): Promise<string | null> {
  if (next && Date.parse(next.opens_at) - at < SOON_MS) return null;
  const closed = (await api.rooms())
    .map(({ room }) => room)
    .filter(({ kind, phase }) => kind === "gathering" && phase === "closed");
  closed.sort((one, other) => (other.closes_at ?? "").localeCompare(one.closes_at ?? ""));
  return closed[0]?.id ?? null;
}
