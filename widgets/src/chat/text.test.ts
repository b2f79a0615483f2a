// @vitest-environment node

import { describe, expect, it } from "vitest";
import { hue, initials, isOnlyEmoji, pieces } from "./text";

const cut = (body: string, names: Record<string, string> = {}) =>
  pieces(body, new Map(Object.entries(names))).map(({ kind, text }) => `${kind}:${text}`);

describe("pieces", () => {
  it("leaves words alone", () => {
    expect(cut("Good <b>morning</b> & peace")).toEqual(["text:Good <b>morning</b> & peace"]);
  });

  it("finds links and leaves the sentence its punctuation", () => {
    expect(cut("See https://a.example/x?y=1, and (http://b.example).")).toEqual([
      "text:See ",
      "link:https://a.example/x?y=1",
      "text:, and (",
      "link:http://b.example",
      "text:).",
    ]);
    expect(cut("https://a.example/wiki/Grace_(hymn)")).toEqual(["link:https://a.example/wiki/Grace_(hymn)"]);
  });

  it.each([
    "javascript:alert(1)",
    "data:text/html,x",
    "JAVASCRIPT://a.example/%0aalert(1)",
    "ftp://a.example",
    "https://",
  ])("sees no link in %s", (body) => {
    expect(pieces(body, new Map()).every(({ kind }) => kind === "text")).toBe(true);
  });

  it("finds those who were mentioned, the longer name first when it was put first", () => {
    expect(cut("@Ruth Ann and @Ruth!", { "Ruth Ann": "1", Ruth: "2" })).toEqual([
      "mention:@Ruth Ann",
      "text: and ",
      "mention:@Ruth",
      "text:!",
    ]);
    expect(cut("@Nobody")).toEqual(["text:@Nobody"]);
  });

  it("takes no longer for hostile text", () => {
    const began = performance.now();
    // longer than any message, so that what grows with the square would take far longer than a busy machine
    pieces("https://".repeat(25_000), new Map());
    pieces(`https://a${")".repeat(200_000)}`, new Map());
    pieces("@".repeat(200_000), new Map([["a", "1"]]));
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});

describe("a name", () => {
  it("is drawn by its first letters", () => {
    expect(initials("Ruth")).toBe("R");
    expect(initials("  maría del  carmen ")).toBe("MC");
    expect(initials("🙏🏽")).toBe("🙏");
    expect(initials("«Ana»")).toBe("A");
    expect(initials("\u202eevil")).toBe("E");
    expect(initials("")).toBe("");
  });

  it("has a hue of its own", () => {
    expect(hue("a")).toBe(hue("a"));
    expect(hue("0198-a")).not.toBe(hue("0198-b"));
  });
});

describe("only emoji", () => {
  it("is told from words", () => {
    for (const yes of ["🙏", "🙏🏽❤️", "👨‍👩‍👧 🎉 ❤️"]) expect(isOnlyEmoji(yes)).toBe(true);
    for (const no of ["", "a", "🙏 amen", "1", "🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏🙏"])
      expect(isOnlyEmoji(no)).toBe(false);
  });
});
