/** Every element of ours, a row each: `<narthex-NAME>` shows our page `/w/{church}/NAME`. */

import type { Language } from "../core/language";

/** What it is called, and what is said to be opening. */
type Names = readonly [name: string, noun: string];

export interface Kind extends Record<Language, Names> {
  /** How it stands on a page that does not say `mode="inline"` or `mode="launcher"`. */
  readonly mode?: "inline";
  /** The path of its icon, 24 px square, filled. */
  readonly icon: string;
}

const BUBBLE = "M7.9 20A9 9 0 1 0 4 16.1L2 22Z"; // Lucide's message-circle (ISC licence)
const HEART = "M12 20 4.2 13A5 5 0 0 1 12 6a5 5 0 0 1 7.8 7Z";

export const kinds: Record<string, Kind> = {
  chat: {
    icon: BUBBLE,
    en: ["Chat", "the chat"],
    es: ["Chat", "el chat"],
  },
  "prayer-wall": {
    mode: "inline",
    icon: HEART,
    en: ["Prayer wall", "the prayer wall"],
    es: ["Muro de oración", "el muro de oración"],
  },
  "prayer-request": {
    icon: HEART,
    en: ["Ask for prayer", "the prayer form"],
    es: ["Pedir oración", "el formulario de oración"],
  },
  "live-prayer": {
    icon: HEART,
    en: ["Pray with someone", "the prayer room"],
    es: ["Orar con alguien", "la sala de oración"],
  },
};
