// @vitest-environment node

import { describe, expect, it } from "vitest";
import { Memory } from "../core/storage";
import { Outbox } from "./outbox";

function begin(memory = new Memory("grace:")): { outbox: Outbox; memory: Memory } {
  return { outbox: new Outbox(memory, () => {}), memory };
}
const say = (outbox: Outbox, body: string, at = 1) => outbox.add("room", body, null, [], at);

describe("an outbox", () => {
  it("keeps what was written, in order, each under an id of its own", () => {
    const { outbox, memory } = begin();
    const [one, two] = [say(outbox, "one", 2), outbox.add("room", "two", "m1", ["ruth"], 1)];
    expect(one.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(one.id).not.toBe(two.id);
    expect(outbox.items).toEqual([one, two]);
    expect(begin(memory).outbox.items).toEqual([two, one]); // after a reload by the time they were written
  });

  it("of one tab leaves that of another alone", () => {
    const { outbox, memory } = begin();
    const other = new Outbox(memory, () => {});
    say(outbox, "offline in the first tab", 1);
    say(other, "offline in the second", 2);
    const after = new Outbox(memory, () => {}).items.map(({ body }) => body);
    expect(after).toEqual(["offline in the first tab", "offline in the second"]);
  });

  it("says what became of it, and forgets why it failed once it goes again", () => {
    const { outbox } = begin();
    const { id } = say(outbox, "one");
    outbox.mark(id, "failed", { code: "room_closed" });
    expect(outbox.get(id)).toMatchObject({ state: "failed", code: "room_closed" });
    outbox.mark(id, "sending");
    expect(outbox.get(id)?.code).toBeUndefined();
  });

  it("lets a message go when the room has shown it", () => {
    const { outbox, memory } = begin();
    const { id } = say(outbox, "one");
    outbox.drop(id);
    outbox.mark(id, "failed");
    expect([outbox.items.length, memory.names("").length]).toEqual([0, 0]);
  });

  it("goes on after a reload with what was not sent, under the same ids", () => {
    const { outbox, memory } = begin();
    const one = say(outbox, "one");
    outbox.mark(say(outbox, "two").id, "sent");
    expect(begin(memory).outbox.items).toEqual([one]);
  });

  it("gives another id to a message whose own is taken", () => {
    const { outbox, memory } = begin();
    const old = outbox.add("room", "one", "m1", [], 1);
    const next = outbox.again(old.id);
    expect(next).toMatchObject({ body: "one", replyTo: "m1", state: "sending" });
    expect(outbox.items.map(({ id }) => id)).toEqual([next?.id]);
    expect(memory.names("")).toEqual([`unsent:${next?.id}`]);
    expect(outbox.again("nobody")).toBeUndefined();
  });
});
