import { describe, expect, it } from "vitest";
import { messages } from "./messages";

const books = import.meta.glob<Record<string, { en: object; es: object }>>("./words/*.ts", { eager: true });

/** Names, and words that both languages share. */
const SHARED = new Set(["Narthex", "Pastor", "Chat"]);

function texts(value: unknown, path: string): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function") {
    const made: unknown = value(...Array.from({ length: value.length }, (_, i) => `«${i}»`));
    return [[path, String(made)]];
  }
  return Object.entries(value as object).flatMap(([key, inner]) => texts(inner, `${path}.${key}`));
}

const found = [...Object.values(books).flatMap((book) => Object.values(book)), messages];

describe("the console's words", () => {
  it("are found", () => expect(found.length).toBeGreaterThan(1));

  it.each(found.map((book, index) => [index, book] as const))(
    "of book %i are all there in Spanish, in other words than in English",
    (_, book) => {
      const [en, es] = [new Map(texts(book.en, "")), new Map(texts(book.es, ""))];
      expect([...es.keys()].sort()).toEqual([...en.keys()].sort());
      const same = [...es].filter(([key, text]) => text && en.get(key) === text && !SHARED.has(text));
      expect(same).toEqual([]);
    },
  );
});
