// @vitest-environment node

import { describe, expect, it } from "vitest";
import type { GatheringShown } from "../core/generated";
import { calendarFile } from "./calendar";

const gathering: GatheringShown = {
  id: "g1",
  title: "Worship; songs, prayer\nand bread",
  starts_at: "2026-03-01T10:00:00+01:00",
  ends_at: "2026-03-01T11:00:00+01:00",
  zone: "Europe/Berlin",
  video_url: "",
  opens_before: 30,
  closes_after: 30,
  opens_at: "2026-03-01T09:30:00+01:00",
  closes_at: "2026-03-01T11:30:00+01:00",
  cancelled: false,
};

describe("a calendar file", () => {
  it("tells one event in UTC, with its text escaped", () => {
    const lines = calendarFile(gathering, "Grace", Date.UTC(2026, 1, 1)).split("\r\n");
    expect(lines).toContain("DTSTART:20260301T090000Z");
    expect(lines).toContain("DTEND:20260301T100000Z");
    expect(lines).toContain("SUMMARY:Worship\\; songs\\, prayer\\nand bread");
    expect(lines).toContain("UID:g1@narthex");
    expect(lines.at(-1)).toBe("");
  });

  it("breaks lines after 75 bytes and never inside a letter", () => {
    const file = calendarFile({ ...gathering, title: "Ährenlese ".repeat(20) }, "Grace", 0);
    for (const line of file.split("\r\n"))
      expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(75);
    expect(file.replaceAll("\r\n ", "")).toContain(`SUMMARY:${"Ährenlese ".repeat(20)}`);
  });
});
