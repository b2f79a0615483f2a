import { describe, expect, it } from "vitest";
import type { Suggestion } from "../../core/generated";
import { type Marked, marked, pieces, retyped, without } from "./reword";

const text = "😀 Pray for my wife Anna, call 555-0101 now";
const mark = (kind: Suggestion["kind"], word: string): Suggestion => {
  const start = Array.from(text.slice(0, text.indexOf(word))).length;
  return { kind, start, end: start + Array.from(word).length };
};
const wording: Marked = { text, marks: [mark("name", "Anna"), mark("phone", "555-0101")] };
const left = (found: Marked) => found.marks.map((one) => marked(found, one));

describe("a wording with marks", () => {
  it("is drawn in pieces, counted in code points as the server counts", () => {
    expect(pieces(wording).map(({ text: part, mark: of }) => (of ? `[${part}]` : part))).toEqual([
      "😀 Pray for my wife ",
      "[Anna]",
      ", call ",
      "[555-0101]",
      " now",
    ]);
  });

  it("loses a marked word with the gap it would leave, and the other marks move", () => {
    const named = without(wording, wording.marks[0] as Suggestion);
    expect(named.text).toBe("😀 Pray for my wife, call 555-0101 now");
    expect(left(named)).toEqual(["555-0101"]);
    expect(without(named, named.marks[0] as Suggestion).text).toBe("😀 Pray for my wife, call now");
  });

  it("keeps its marks at their words while somebody types elsewhere", () => {
    const longer = retyped(wording, text.replace("Pray", "Please pray"));
    expect(left(longer)).toEqual(["Anna", "555-0101"]);
    expect(left(retyped(wording, text.replace("Anna", "Ann")))).toEqual(["555-0101"]);
    expect(retyped(wording, "").marks).toEqual([]);
  });
});
