import { describe, expect, it } from "vitest";
import type { MessageShown } from "../core/generated";
import { follows } from "./row";

const said = (more: Partial<MessageShown> = {}): MessageShown => ({
  id: "m",
  room: "r",
  number: 1,
  at: "2026-03-01T10:00:00Z",
  author: { id: "ruth", kind: "guest", name: "Ruth" },
  body: "words",
  ...more,
});

describe("a message stands under the name above it", () => {
  const before = said();
  const next = said({ at: "2026-03-01T10:01:00Z" });

  it("when the same person wrote both within two minutes", () => {
    expect(follows(next, before)).toBe(true);
    expect(follows(next, undefined)).toBe(false);
    expect(follows(said({ at: "2026-03-01T10:03:00Z" }), before)).toBe(false);
    expect(follows(said({ ...next, reply_to: "x" }), before)).toBe(false);
    expect(follows(next, said({ state: "removed" }))).toBe(false);
  });

  it("but not when they go by another name since: it would be the wrong one", () => {
    const member = { id: "ruth", kind: "person", name: "Ruth Abara" };
    expect(follows(said({ ...next, author: member }), before)).toBe(false);
  });
});
