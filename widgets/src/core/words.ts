/** What is shown, in the reader's language: texts with places for values, plurals by the language's own rules. */

/** One text; several forms are chosen by `count` (Unicode plural categories, `other` always there). */
export type Text = string | ({ readonly other: string } & { readonly [category: string]: string });

export type Texts<Key extends string> = Readonly<Record<Key, Text>>;

const RIGHT_TO_LEFT = new Set(["ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"]);

export class Words<Key extends string> {
  readonly language: string;
  readonly #texts: Texts<Key>;
  readonly #own: Partial<Texts<Key>>;
  readonly #plurals: Intl.PluralRules;
  readonly #numbers: Intl.NumberFormat;

  /** `own` are the church's own texts; what it left out is ours. */
  constructor(language: string, texts: Texts<Key>, own: Partial<Texts<Key>> = {}) {
    this.language = language;
    this.#texts = texts;
    this.#own = own;
    this.#plurals = new Intl.PluralRules(language);
    this.#numbers = new Intl.NumberFormat(language);
  }

  get direction(): "ltr" | "rtl" {
    return RIGHT_TO_LEFT.has(this.language.split("-")[0] ?? "") ? "rtl" : "ltr";
  }

  /** Return a text with its values filled in: `{name}` is values.name, numbers as the language writes them. */
  say = (key: Key, values: Readonly<Record<string, string | number>> = {}): string => {
    const text = this.#own[key] ?? this.#texts[key];
    return this.#form(text, values).replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      return value === undefined ? whole : typeof value === "number" ? this.#numbers.format(value) : value;
    });
  };

  #form(text: Text, values: Readonly<Record<string, string | number>>): string {
    if (typeof text === "string") return text;
    return text[this.#plurals.select(Number(values.count ?? 0))] ?? text.other;
  }
}
