/** What the prayer pages say, in the reader's language. */

import { type Files, type OwnTexts, ownOf, type Speech as Spoken, speak as speakFrom } from "../core/speech";
import type { Key } from "./words/en";

export type Speech = Spoken<Key>;

const files: Files<Key> = {
  en: async () => (await import("./words/en")).en,
  es: async () => (await import("./words/es")).es,
};

export function speak(wanted: readonly string[], own: OwnTexts): Promise<Speech> {
  return speakFrom<Key>(files, wanted, ownOf(own, "prayer_"));
}
