/** Which of the languages we write is the reader's. */

export const LANGUAGES = ["en", "es"] as const;
export type Language = (typeof LANGUAGES)[number];

/** Return the first wanted language that we have (`es-MX` is `es`), else English. */
export function chooseLanguage(wanted: readonly string[]): Language {
  const bases = wanted.map((tag) => tag.toLowerCase().split("-")[0]);
  return bases.find((base): base is Language => LANGUAGES.includes(base as Language)) ?? "en";
}
