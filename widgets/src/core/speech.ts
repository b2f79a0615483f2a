/** The reader's language at work: words, moments, and what an error's code is called. Each app brings its own words. */

import { Dates } from "./dates";
import { chooseLanguage, LANGUAGES, type Language } from "./language";
import { type Text, type Texts, Words } from "./words";

/** What is said of an error that nobody has words for; every app has it. */
type Always = "error_internal";

/** One file for each language, fetched when somebody reads it. */
export type Files<Key extends string> = Readonly<Record<Language, () => Promise<Texts<Key | Always>>>>;

/** A church's own texts, by language and key; a key that two apps share means the same in both. */
export type OwnTexts = Readonly<Record<string, Readonly<Record<string, Text>>>>;

export class Speech<Key extends string> {
  readonly language: Language;
  readonly dates: Dates;
  readonly say: Words<Key>["say"];
  readonly #words: Words<Key>;
  readonly #texts: Texts<Key>;

  constructor(language: Language, texts: Texts<Key>, own: OwnTexts[string] = {}) {
    this.language = language;
    this.#texts = texts;
    this.#words = new Words<Key>(language, texts, own as Partial<Texts<Key>>);
    this.say = this.#words.say;
    this.dates = new Dates(language);
  }

  /** Say what an error's code means; one we have no words for is something on our side. */
  error = (code: string): string => {
    const key = `error_${code}`;
    return this.say((key in this.#texts ? key : ("error_internal" satisfies Always)) as Key);
  };

  /** Tell a document in which language and direction it is read. */
  settle(root: HTMLElement): void {
    root.lang = this.language;
    root.dir = this.#words.direction;
  }
}

/** Return the church's own texts for one app, whose keys begin with this: `live_title` is that app's `title`. */
export function ownOf(own: OwnTexts, prefix: string): OwnTexts {
  const texts = (all: OwnTexts[string]) =>
    Object.entries(all)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, text]) => [key.slice(prefix.length), text]);
  return Object.fromEntries(
    Object.entries(own).map(([language, all]) => [language, Object.fromEntries(texts(all))]),
  );
}

/** Load the words that are wanted by the time they are here: on a slow line another language may be asked for. */
export async function learn<Learnt>(
  wanted: () => readonly string[],
  load: (wanted: readonly string[]) => Promise<Learnt>,
): Promise<Learnt> {
  for (;;) {
    const asked = wanted();
    const learnt = await load(asked);
    if (wanted().join() === asked.join()) return learnt;
  }
}

/** Load the best of the wanted languages; when its file cannot be had, another one is better than nothing. */
export async function speak<Key extends string>(
  files: Files<Key>,
  wanted: readonly string[],
  own: OwnTexts,
): Promise<Speech<Key>> {
  const best = chooseLanguage(wanted);
  for (const language of [best, ...LANGUAGES.filter((other) => other !== best)]) {
    const texts = await files[language]().catch(() => null);
    if (texts) return new Speech<Key>(language, texts, own[language]);
  }
  throw new Error("no language could be loaded");
}
