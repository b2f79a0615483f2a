// @vitest-environment node

import { describe, expect, it } from "vitest";
import type { MessageShown } from "../core/generated";
import { Timeline } from "./timeline";

const message = (number: number | null, more: Partial<MessageShown> = {}): MessageShown => ({
  id: `m${number}`,
  room: "r",
  number,
  at: "2026-03-01T10:00:00Z",
  body: `words ${number}`,
  ...more,
});
const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => message(from + i));
const numbers = (timeline: Timeline) =>
  [...timeline.backwards()].map((entry) => entry.message.number).reverse();

function filled(from: number, to: number, older = false, newer = false): Timeline {
  const timeline = new Timeline();
  timeline.reset(range(from, to), older, newer);
  return timeline;
}

describe("a timeline", () => {
  it("keeps the room's order however pages and events mix", () => {
    const timeline = filled(51, 100, true);
    timeline.put(message(101));
    timeline.prepend(range(1, 50), false);
    timeline.put(message(102));
    expect(numbers(timeline)).toEqual(range(1, 102).map(({ number }) => number));
    expect(timeline.size).toBe(102);
  });

  it("has each message once when pages overlap", () => {
    const timeline = filled(40, 60, true, true);
    timeline.prepend(range(30, 45), true);
    timeline.append(range(55, 70), false);
    expect(numbers(timeline)).toEqual(range(30, 70).map(({ number }) => number));
  });

  it("puts a message that comes late between its neighbours", () => {
    const timeline = new Timeline();
    timeline.reset([message(1), message(2), message(4)], false, false);
    expect(timeline.put(message(3))).toBe(true);
    expect(numbers(timeline)).toEqual([1, 2, 3, 4]);
  });

  it("replaces a state where it stands, and says which block to draw again", () => {
    const timeline = filled(1, 60);
    const versions = timeline.blocks.map((block) => block.version);
    timeline.put(message(3, { body: "edited" }));
    expect(timeline.get("m3")?.body).toBe("edited");
    expect(timeline.blocks.map((block, i) => block.version - (versions[i] as number))).toEqual(
      timeline.blocks.map((_, i) => (i === 0 ? 1 : 0)),
    );
  });

  it("draws the following block again when its neighbour changes", () => {
    const timeline = filled(1, 60);
    const edge = timeline.blocks[0]?.entries.at(-1)?.message as MessageShown;
    const before = timeline.blocks[1]?.version as number;
    timeline.put({ ...edge, state: "removed" });
    expect(timeline.blocks[1]?.version).toBe(before + 1);
  });

  it("does not keep what lies outside of a detached stretch", () => {
    const timeline = filled(50, 60, true, true);
    expect(timeline.put(message(99))).toBe(false);
    expect(timeline.put(message(2))).toBe(false);
    expect(timeline.size).toBe(11);
  });

  it("keeps a message without a number where it came, while others go on", () => {
    const timeline = filled(1, 3);
    timeline.put(message(null, { id: "held-1" }));
    timeline.put(message(null, { id: "held-2" }));
    timeline.put(message(4));
    expect([...timeline.backwards()].map((entry) => entry.message.id).reverse()).toEqual([
      "m1",
      "m2",
      "m3",
      "held-1",
      "held-2",
      "m4",
    ]);
  });

  it("moves a held message to its number once it is approved", () => {
    const timeline = filled(1, 3);
    timeline.put(message(null, { id: "held", state: "held" }));
    timeline.put(message(4));
    timeline.put(message(5, { id: "held" }));
    expect([...timeline.backwards()].map((entry) => entry.message.id).reverse()).toEqual([
      "m1",
      "m2",
      "m3",
      "m4",
      "held",
    ]);
    expect(timeline.size).toBe(5);
  });

  it("forgets a message and its empty block", () => {
    const timeline = filled(1, 1);
    timeline.remove("m1");
    expect(timeline.blocks).toEqual([]);
    expect(timeline.has("m1")).toBe(false);
    timeline.put(message(2));
    expect(numbers(timeline)).toEqual([2]);
  });

  it("knows the message in front across blocks", () => {
    const timeline = filled(1, 60);
    const second = timeline.blocks[1];
    expect(second && timeline.before(second, 0)).toBe(timeline.blocks[0]?.entries.at(-1)?.message);
  });

  it("finds one of ten thousand at once, and lets the oldest go at its bound", () => {
    const timeline = filled(1, 10_000);
    const began = performance.now();
    for (let i = 0; i < 60_000; i++) timeline.put(message(1 + ((i * 7919) % 10_000), { body: "again" }));
    // a search through all of them would take several seconds
    expect(performance.now() - began).toBeLessThan(2_000);
    for (let number = 10_001; number <= 20_100; number++) timeline.put(message(number));
    expect(timeline.size).toBeLessThanOrEqual(20_000);
    expect(timeline.older).toBe(true);
    expect(timeline.get("m1")).toBeUndefined();
    expect(timeline.last?.message.number).toBe(20_100);
  });
});
