// @vitest-environment node

import { describe, expect, it } from "vitest";
import { Dates, sameDay } from "./dates";

const at = new Date(2026, 2, 1, 10, 5).getTime();
const HOUR = 3_600_000;
const plain = (text: string) => text.replace(/\s/g, " ");

describe("dates", () => {
  it("tell the time as the language does, and without the half of the day for narrow places", () => {
    expect(plain(new Dates("en").time(at))).toBe("10:05 AM");
    expect(plain(new Dates("en").clock(at))).toBe("10:05");
    expect(new Dates("es").clock(at)).toBe("10:05");
  });

  it("tell it in a named zone", () => {
    expect(new Dates("de", "Asia/Tokyo").time(Date.UTC(2026, 2, 1, 1, 5))).toBe("10:05");
  });

  it("name days as people do", () => {
    const english = new Dates("en");
    expect(english.day(at, at + HOUR)).toBe("Today");
    expect(english.day(at, at + 24 * HOUR)).toBe("Yesterday");
    expect(english.day(at, at + 72 * HOUR)).toBe("Sunday, March 1");
    expect(new Dates("es").day(at, at + 24 * HOUR)).toBe("Ayer");
  });

  it("say how long in two parts, and in seconds at the end", () => {
    const english = new Dates("en");
    expect(english.span(2 * HOUR + 14 * 60_000 + 30_000)).toBe("2 hours 14 minutes");
    expect(english.span(50 * HOUR)).toBe("2 days 2 hours");
    expect(english.span(60_000)).toBe("1 minute");
    expect(english.span(7_200)).toBe("8 seconds");
    expect(english.span(-5)).toBe("0 seconds");
    expect(new Dates("es").span(HOUR)).toBe("1 hora");
  });

  it("know the reader's own days", () => {
    expect(sameDay(at, at + 13 * HOUR)).toBe(true);
    expect(sameDay(at, at + 14 * HOUR)).toBe(false);
  });
});
