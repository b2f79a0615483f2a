// @vitest-environment node

import { describe, expect, it } from "vitest";
import { Words } from "./words";

const texts = { hello: "Hello {name}", count: { one: "{count} message", other: "{count} messages" } };

describe("words", () => {
  it("fill in values and write numbers as the language does", () => {
    const { say } = new Words("en", texts);
    expect(say("hello", { name: "Ruth" })).toBe("Hello Ruth");
    expect(say("count", { count: 1 })).toBe("1 message");
    expect(say("count", { count: 12_345 })).toBe("12,345 messages");
    expect(new Words("es", texts).say("count", { count: 12_345 })).toBe("12.345 messages");
  });

  it("choose plurals by the language's own rules, and the last form when one is missing", () => {
    const few = { count: { one: "{count} zpráva", few: "{count} zprávy", other: "{count} zpráv" } };
    const { say } = new Words("cs", few);
    expect([1, 3, 5].map((count) => say("count", { count }))).toEqual(["1 zpráva", "3 zprávy", "5 zpráv"]);
    expect(new Words("cs", texts).say("count", { count: 3 })).toBe("3 messages");
  });

  it("are the church's own where it wrote some", () => {
    const { say } = new Words("en", texts, { hello: "Peace, {name}" });
    expect(say("hello", { name: "Ruth" })).toBe("Peace, Ruth");
    expect(say("count", { count: 2 })).toBe("2 messages");
  });

  it("leave a place alone that nobody filled, and never read a value as a pattern", () => {
    const { say } = new Words("en", texts);
    expect(say("hello")).toBe("Hello {name}");
    expect(say("hello", { name: "$& {count}" })).toBe("Hello $& {count}");
  });

  it("know which languages are written from the right", () => {
    expect(new Words("ar-EG", texts).direction).toBe("rtl");
    expect(new Words("he", texts).direction).toBe("rtl");
    expect(new Words("es-MX", texts).direction).toBe("ltr");
  });
});
