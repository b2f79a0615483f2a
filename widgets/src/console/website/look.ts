/** What becomes of the colours a church chooses: the same computing as where visitors see them. */

import { contrast, parseHex, textOn } from "../../core/contrast";
import { type Theme, variables } from "../../core/theme";
import type { WebsiteWords } from "../words/website";

const SCHEMES = ["light", "dark"] as const;

/** Say what a webmaster should know about an accent: how legible text on it is, and where another shade is shown. */
export function accentHint(accent: string, words: WebsiteWords): string {
  const chosen = parseHex(accent);
  if (!chosen) return accent ? words.badColour : words.accentHint;
  const on = textOn(chosen);
  const ratio = contrast(chosen, parseHex(on) ?? chosen).toFixed(1);
  const said = words.contrast(on === "#000000", ratio);
  const plain = `rgb(${chosen.join(" ")})`;
  const shaded = SCHEMES.filter((scheme) => variables({ accent }, scheme).get("--accent-ink") !== plain);
  return shaded.length
    ? `${said} ${words.shaded(shaded.map((scheme) => words.on[scheme]).join(words.and))}`
    : said;
}

/** Say where a surface cannot be used, because ink would not be read well on it. */
export function surfaceHint(surface: string, words: WebsiteWords): string {
  if (!parseHex(surface)) return surface ? words.badColour : words.surfaceHint;
  const refused = SCHEMES.filter((scheme) => !variables({ surface }, scheme).has("--narthex-surface"));
  return refused.length
    ? words.surfaceRefused(refused.map((scheme) => words.on[scheme]).join(words.and))
    : words.surfaceGood;
}

/** Read a theme from a form; a colour that is none is left out, so that half a colour changes nothing. */
export function themeIn(form: HTMLFormElement): Theme {
  const data = new FormData(form);
  const text = (name: string) => String(data.get(name) ?? "").trim();
  const colour = (name: string) => (parseHex(text(name)) ? text(name) : "");
  return {
    scheme: text("scheme") as NonNullable<Theme["scheme"]>,
    accent: colour("accent"),
    surface: colour("surface"),
    radius: Number(text("radius")),
    font: text("font"),
  };
}
