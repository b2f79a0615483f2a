import { describe, expect, it } from "vitest";
import type { CaseShown } from "../../core/generated";
import { waitingCase } from "../testing/cases";
import { Cases, takenBy } from "./cases";

const begin = (cases: Cases, ...shown: CaseShown[]) =>
  cases.begin("prayer", { cases: shown, waiting: shown.length, oldest_at: null });

describe("Cases", () => {
  it("puts the heaviest first, then the oldest", () => {
    const cases = new Cases(["prayer"]);
    begin(
      cases,
      waitingCase("new", { opened_at: "2026-03-01T11:00:00Z" }),
      waitingCase("old", { opened_at: "2026-03-01T09:00:00Z" }),
      waitingCase("need", { weight: 2, opened_at: "2026-03-01T12:00:00Z" }),
    );
    expect(cases.list.map(({ id }) => id)).toEqual(["need", "old", "new"]);
  });

  it("is not turned back by what comes late", () => {
    const cases = new Cases(["prayer"]);
    begin(cases, waitingCase("c1"));
    cases.take(waitingCase("c1", { version: 3, state: "decided", decided_by_name: "Ruth" }));
    cases.event("prayer", waitingCase("c1", { version: 2 }));
    expect(cases.list).toEqual([]);
    expect(cases.over("c1")?.decided_by_name).toBe("Ruth");
  });

  it("follows a case from one queue to another, in whatever order the two tell it", () => {
    for (const order of [
      ["pastors", "prayer"],
      ["prayer", "pastors"],
    ] as const) {
      const cases = new Cases(["prayer", "pastors"]);
      begin(cases, waitingCase("c1"));
      for (const team of order)
        cases.event(
          team,
          waitingCase("c1", { version: 2, team, state: team === "prayer" ? "closed" : "open" }),
        );
      expect(cases.list.map(({ team }) => team)).toEqual(["pastors"]);
    }
  });

  it("loses a case that went to a queue of others", () => {
    const cases = new Cases(["prayer"]);
    begin(cases, waitingCase("c1"));
    cases.take(waitingCase("c1", { version: 2, team: "pastors" }));
    expect(cases.list).toEqual([]);
  });

  it("counts what the server has not sent", () => {
    const cases = new Cases(["prayer", "chat"]);
    begin(cases, waitingCase("c1"));
    cases.count("prayer", 120);
    expect(cases.waiting).toBe(120);
  });
});

describe("takenBy", () => {
  it("names who looks at a case, until their time is over, and never oneself", () => {
    const claim = { claimed_by: "p2", claimed_by_name: "Paul", claimed_until: "2026-03-01T10:02:00Z" };
    const now = Date.parse("2026-03-01T10:01:00Z");
    expect(takenBy(waitingCase("c1", claim), "p1", now)).toBe("Paul");
    expect(takenBy(waitingCase("c1", claim), "p2", now)).toBe("");
    expect(takenBy(waitingCase("c1", claim), "p1", now + 60_000)).toBe("");
  });
});
