// @vitest-environment node

import { beforeEach, describe, expect, it, vi } from "vitest";
import type { EventFrame, MessageShown, RoomShown } from "../core/generated";
import { Room } from "./room";

const shown: RoomShown = {
  id: "r",
  kind: "gathering",
  title: "Sunday",
  gathering: null,
  opens_at: null,
  closes_at: null,
  phase: "open",
  slow_seconds: 0,
  hold: "none",
  locked: false,
  lockdown: false,
  archived: false,
  rehearses: null,
};
const message = (number: number | null, more: Partial<MessageShown> = {}): MessageShown => ({
  id: `m${number}`,
  room: "r",
  number,
  at: "2026-03-01T10:00:00Z",
  author: { id: "ruth", kind: "guest", name: "Ruth" },
  body: `words ${number}`,
  ...more,
});
const event = (name: string, data: unknown): EventFrame => ({
  type: "event",
  topic: "chat:r",
  seq: 1,
  event: name,
  at: "",
  data,
});
const bodies = (room: Room) => [...room.timeline.backwards()].map(({ message: { body } }) => body).reverse();

let room: Room;
beforeEach(() => {
  room = new Room();
  room.me = "me";
  room.snapshot({
    room: shown,
    messages: [message(1), message(2)],
    reactions: { m1: { "🙏": 2 } },
    versions: { m1: 3 },
    pins: [],
    older: false,
  });
});

describe("a room", () => {
  it("shows its snapshot and what follows", () => {
    const posted = vi.fn();
    room.onPosted = posted;
    room.event(event("message.posted", message(3)));
    expect(bodies(room)).toEqual(["words 1", "words 2", "words 3"]);
    expect(room.newest).toBe(3);
    expect(posted).toHaveBeenCalledTimes(1);
  });

  it("keeps the newest state of each message and is told of no old one again", () => {
    const posted = vi.fn();
    room.onPosted = posted;
    room.event(event("message.edited", message(2, { body: "better words" })));
    expect(bodies(room)).toEqual(["words 1", "better words"]);
    expect(posted).not.toHaveBeenCalled();
  });

  it("passes over an event whose words were taken away, because that comes later", () => {
    room.event(event("message.posted", null));
    expect(bodies(room)).toEqual(["words 1", "words 2"]);
  });

  it("takes a message down with its reactions and its pin", () => {
    room.event(event("message.pinned", message(1, { pinned: true })));
    expect([...room.pins.keys()]).toEqual(["m1"]);
    const gone = { id: "m1", room: "r", number: 1, at: "", state: "removed", removed_by: "host" };
    room.event(event("message.removed", gone));
    expect(room.pins.size).toBe(0);
    expect(room.reactions.has("m1")).toBe(false);
    expect(room.timeline.get("m1")?.body).toBeUndefined();
  });

  it("believes the log before a page that was read earlier", () => {
    room.snapshot({
      room: shown,
      messages: [message(50)],
      reactions: {},
      versions: {},
      pins: [],
      older: true,
    });
    room.event(event("message.removed", { ...message(40, { state: "removed" }), author: null, body: "" }));
    room.history(
      {
        messages: [message(39), message(40), message(41)],
        reactions: {},
        versions: {},
        older: true,
        newer: true,
      },
      "older",
    );
    expect(room.timeline.get("m40")?.state).toBe("removed");
  });

  it("catches up with what was told while a reader was far back", () => {
    room.history(
      { messages: [message(1)], reactions: {}, versions: {}, older: false, newer: true },
      "instead",
    );
    room.event(event("message.posted", message(3)));
    expect(bodies(room)).toEqual(["words 1"]);
    room.history({ messages: [message(2)], reactions: {}, versions: {}, older: true, newer: false }, "newer");
    expect(bodies(room)).toEqual(["words 1", "words 2", "words 3"]);
  });

  it("forgets everything it was told when it begins anew", () => {
    room.event(event("message.edited", message(2, { body: "stale" })));
    room.snapshot({
      room: shown,
      messages: [message(1), message(2, { body: "fresh" })],
      reactions: {},
      versions: {},
      pins: [],
      older: false,
    });
    room.history(
      { messages: [message(2, { body: "fresh" })], reactions: {}, versions: {}, older: false, newer: false },
      "instead",
    );
    expect(bodies(room)).toEqual(["words 1", "fresh"].slice(1));
  });

  it("follows its own changes", () => {
    room.event(event("room.changed", { ...shown, locked: true }));
    expect(room.shown?.locked).toBe(true);
  });
});

describe("reactions", () => {
  const told = (totals: Record<string, number>, version: number) =>
    room.latest({
      type: "latest",
      topic: "chat:r",
      event: "reactions",
      data: { message: "m1", totals, version },
    });

  it("count by the latest totals, in whatever order they come", () => {
    told({ "🙏": 5 }, 5);
    told({ "🙏": 4 }, 4);
    expect(room.reactions.get("m1")?.totals).toEqual({ "🙏": 5 });
  });

  it("are not counted back by what was told before the snapshot and comes behind it", () => {
    told({ "🙏": 1 }, 2);
    expect(room.reactions.get("m1")?.totals).toEqual({ "🙏": 2 });
  });

  it("of mine show at once and are taken back when they were refused", () => {
    const undo = room.give("m1", "🙏", true);
    expect(room.reactions.get("m1")?.totals).toEqual({ "🙏": 3 });
    expect(room.given.get("m1")?.has("🙏")).toBe(true);
    undo();
    expect(room.reactions.get("m1")?.totals).toEqual({ "🙏": 2 });
    expect(room.given.get("m1")?.has("🙏")).toBe(false);
  });

  it("that the server counted meanwhile are not counted back", () => {
    const undo = room.give("m1", "🙏", true);
    told({ "🙏": 9 }, 4);
    undo();
    expect(room.reactions.get("m1")?.totals).toEqual({ "🙏": 9 });
  });

  it("given twice are given once", () => {
    room.give("m1", "🙏", true);
    room.give("m1", "🙏", true);
    expect(room.reactions.get("m1")?.totals).toEqual({ "🙏": 3 });
  });
});

describe("what only I see", () => {
  it("waits where it was written until a host decides", () => {
    room.meEvent(event("message.held", message(null, { id: "h", state: "held", body: "may I?" })));
    room.event(event("message.posted", message(3)));
    expect(bodies(room)).toEqual(["words 1", "words 2", "may I?", "words 3"]);
    room.meEvent(event("message.approved", { id: "h", room: "r", state: "posted" }));
    room.event(event("message.posted", message(4, { id: "h", body: "may I?" })));
    expect(bodies(room)).toEqual(["words 1", "words 2", "words 3", "may I?"]);
  });

  it("stays with a note when it was declined", () => {
    room.meEvent(event("message.held", message(null, { id: "h", state: "held" })));
    room.meEvent(event("message.declined", { id: "h", room: "r", state: "declined" }));
    expect(room.timeline.get("h")?.state).toBe("declined");
  });

  it("does not come back over the message that was posted", () => {
    room.event(event("message.posted", message(3, { id: "h" })));
    room.meEvent(event("message.held", message(null, { id: "h", state: "held" })));
    expect(room.timeline.get("h")?.number).toBe(3);
  });

  it("is not another room's", () => {
    room.meEvent(event("message.held", message(null, { id: "h", room: "elsewhere" })));
    expect(room.timeline.has("h")).toBe(false);
  });

  it("is forgotten when somebody else reads", () => {
    room.mine({
      read_to: 2,
      unread: 0,
      reactions: { m1: ["🙏"] },
      held: [],
      timeout_until: "2026-03-01T10:05:00Z",
    });
    room.me = "other";
    expect([room.readTo, room.timeoutUntil, room.given.size]).toEqual([0, 0, 0]);
  });

  it("follows what I block and take back on another screen", () => {
    room.meEvent(event("person.blocked", { id: "ruth" }));
    expect([...room.blocked]).toEqual(["ruth"]);
    room.meEvent(event("person.unblocked", { id: "ruth" }));
    expect(room.blocked.size).toBe(0);
  });

  it("knows at once until when a host asks me to pause, and when I may write again", () => {
    const told = (until: string | null) =>
      room.meLatest({ type: "latest", topic: "me:anna", event: "timeout", data: { until } });
    told("2026-03-01T10:05:00Z");
    expect(room.timeoutUntil).toBe(Date.parse("2026-03-01T10:05:00Z"));
    told(null);
    expect(room.timeoutUntil).toBe(0);
  });

  it("hides whom I blocked, and calls nobody for them", () => {
    const posted = vi.fn();
    room.onPosted = posted;
    room.meSnapshot({ held: [], blocked: ["ruth"] });
    room.event(event("message.posted", message(3)));
    expect(posted).not.toHaveBeenCalled();
  });
});

describe("the people", () => {
  const presence = (more: object) => room.presence({ type: "presence", topic: "chat:r", count: 2, ...more });

  it("are replaced by a full list and changed by the others", () => {
    presence({
      full: true,
      joined: [
        { id: "a", name: "A" },
        { id: "b", name: "B" },
      ],
    });
    presence({ joined: [{ id: "c", name: "C" }], left: ["a"] });
    expect([...room.people.keys()]).toEqual(["b", "c"]);
    presence({ count: 500 });
    expect(room.here).toBe(500);
  });

  it("type for five seconds, or until they have written; I never do", () => {
    const people = [
      { id: "ruth", name: "Ruth" },
      { id: "tom", name: "Tom" },
      { id: "me", name: "Me" },
    ];
    room.ephemeral(
      { type: "ephemeral", topic: "chat:r", event: "typing", data: { people, count: 3 } },
      1_000,
    );
    expect(room.typists(2_000)).toEqual(["Ruth", "Tom"]);
    room.event(event("message.posted", message(3)));
    expect(room.typists(2_000)).toEqual(["Tom"]);
    expect(room.typists(6_001)).toEqual([]);
  });
});
