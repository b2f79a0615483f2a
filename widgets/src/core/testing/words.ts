/** Hold the words of an app in another language against its English ones. */

import { describe, expect, it } from "vitest";
import type { Text, Texts } from "../words";

const places = (text: Text) =>
  [
    ...new Set(
      Object.values(typeof text === "string" ? [text] : text)
        .join(" ")
        .match(/\{\w+\}/g),
    ),
  ].sort();

/** `same` are the keys whose texts are rightly the same in both languages. */
export function translated<Key extends string>(
  language: string,
  en: Texts<Key>,
  texts: Texts<Key>,
  same: readonly Key[] = [],
): void {
  const keys = Object.keys(en) as Key[];

  describe(`the texts in ${language}`, () => {
    it("are the same as in English, with the same places", () => {
      expect(Object.keys(texts).sort()).toEqual([...keys].sort());
      for (const key of keys) {
        expect([key, places(texts[key])]).toEqual([key, places(en[key])]);
        expect([key, typeof texts[key]]).toEqual([key, typeof en[key]]);
      }
    });

    it("are translated: hardly a sentence is the same", () => {
      expect(keys.filter((key) => en[key] === texts[key]).sort()).toEqual([...same].sort());
    });
  });

  describe("our voice", () => {
    it("never says Oops and never says tenant", () => {
      expect(JSON.stringify([en, texts])).not.toMatch(/oops|tenant|user\b|usuario/i);
    });
  });
}
