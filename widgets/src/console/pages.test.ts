import { describe, expect, it } from "vitest";
import { pageAt, pagesFor, teamsFor } from "./pages";

const names = (...roles: string[]) => pagesFor(roles).map(({ name }) => name);

describe("pagesFor", () => {
  it("gives each role its pages, as the server's policies do", () => {
    const office = ["widgets", "people", "audit", "account"];
    expect(names("owner")).toEqual([
      "queue",
      "prayers",
      "care",
      "rota",
      "live",
      "gatherings",
      "safety",
      ...office,
    ]);
    expect(names("pastor")).toEqual([
      "queue",
      "prayers",
      "care",
      "rota",
      "live",
      "gatherings",
      "safety",
      "account",
    ]);
    expect(names("prayer_team")).toEqual(["queue", "prayers", "care", "rota", "account"]);
    expect(names("moderator", "member")).toEqual(["queue", "live", "safety", "account"]);
    expect(names("member")).toEqual(["account"]);
  });
});

describe("pageAt", () => {
  it("opens the page of the address, or the first one that these roles see", () => {
    expect(pageAt("/console/grace/audit", ["owner"])).toBe("audit");
    expect(pageAt("/console/grace/audit", ["moderator"])).toBe("queue");
    expect(pageAt("/console/grace", ["owner"])).toBe("queue");
    expect(pageAt("/console/grace/nonsense", ["member"])).toBe("account");
  });
});

describe("teamsFor", () => {
  it("gives each role its queues, as the server's policies do", () => {
    expect(teamsFor(["owner"])).toEqual(["chat", "prayer", "pastors", "care"]);
    expect(teamsFor(["admin"])).toEqual(["chat", "prayer", "care"]);
    expect(teamsFor(["moderator"])).toEqual(["chat"]);
    expect(teamsFor(["prayer_team"])).toEqual(["prayer", "care"]);
    expect(teamsFor(["member"])).toEqual([]);
  });
});
