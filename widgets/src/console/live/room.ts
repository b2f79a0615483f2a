/** What a host sees of one room: frames are folded in here, and nothing here speaks to anybody. */

import type { EventFrame, MessageShown, PresenceFrame, RoomShown, RoomSnapshot } from "../../core/generated";

export const MOST_KEPT = 300; // messages; who needs older ones reads them in the chat itself

export interface Somebody {
  readonly id: string;
  readonly name: string;
}

/** Bring a list of people up to date with what a frame says. */
export function follow(people: Map<string, Somebody>, frame: PresenceFrame): Map<string, Somebody> {
  if (frame.full) people.clear();
  for (const person of (frame.joined ?? []) as Somebody[]) people.set(person.id, person);
  for (const id of frame.left ?? []) people.delete(id);
  return people;
}

export class HostRoom {
  shown: RoomShown | null = null;
  here = 0;
  /** Who is here by name; the server names people of a room up to a number, and beyond it only counts them. */
  readonly people = new Map<string, Somebody>();
  /** In the room's order, the newest last. */
  messages: readonly MessageShown[] = [];
  /** How many came since the snapshot, so that a view can tell what is new. */
  arrived = 0;

  snapshot(data: RoomSnapshot): void {
    this.shown = data.room;
    this.messages = data.messages.slice(-MOST_KEPT);
    this.arrived = 0;
  }

  event(frame: EventFrame): void {
    if (frame.data === null) return; // something later took it away, and comes later
    if (frame.event === "room.changed") this.shown = frame.data as RoomShown;
    else if (frame.event.startsWith("message.")) this.take(frame.data as MessageShown);
  }

  presence(frame: PresenceFrame): void {
    this.here = frame.count;
    follow(this.people, frame);
  }

  /** Put a message's newest state in its place; one that is older than all we keep is left out. */
  take(message: MessageShown): void {
    const number = message.number;
    if (number === null) return;
    const messages = [...this.messages];
    const at = messages.findIndex(({ id }) => id === message.id);
    if (messages[at]?.number === number) {
      messages[at] = message;
      this.messages = messages;
      return;
    }
    if (at >= 0) messages.splice(at, 1); // approved a second time, it has another place
    let behind = messages.length;
    while (behind > 0 && (messages[behind - 1]?.number ?? 0) > number) behind -= 1;
    if (behind === 0 && messages.length >= MOST_KEPT) return;
    messages.splice(behind, 0, message);
    this.messages = messages.slice(-MOST_KEPT);
    this.arrived += 1;
  }

  find(id: string): MessageShown | undefined {
    return this.messages.find((message) => message.id === id);
  }
}
