/** What the page for one-to-one prayer says, in the reader's language. */

import { type Files, type OwnTexts, ownOf, type Speech as Spoken, speak as speakIn } from "../core/speech";
import type { Key } from "./words/en";

const FILES: Files<Key> = {
  en: async () => (await import("./words/en")).en,
  es: async () => (await import("./words/es")).es,
};

export type Speech = Spoken<Key>;

export function speak(wanted: readonly string[], own: OwnTexts): Promise<Speech> {
  return speakIn<Key>(FILES, wanted, ownOf(own, "live_"));
}
