/** A church's own colours, made legible: contrast is computed, never trusted (WCAG 2.2 AA, on light and dark). */

import { contrast, parseHex, type Rgb, textOn } from "./contrast";

/** What a church or its website may choose; everything else follows from these. */
export interface Theme {
  readonly scheme?: "light" | "dark" | "auto";
  readonly accent?: string; // #rgb or #rrggbb
  readonly surface?: string;
  readonly radius?: number; // px, 0 to 16
  readonly font?: string;
}

/** Our own grounds and ink, as in tokens.css. */
const GROUNDS: Record<"light" | "dark", { paper: Rgb; card: Rgb; ink: Rgb }> = {
  light: { paper: [251, 249, 246], card: [255, 255, 255], ink: [31, 35, 40] },
  dark: { paper: [20, 23, 26], card: [29, 33, 37], ink: [232, 230, 225] },
};
const AA = 4.5;
const COMFORTABLE = 7; // ink on a church's own surface; below it the surface is left out

/** Return the CSS variables of a theme in one scheme; an unknown colour or one nobody could read on is left out. */
export function variables(theme: Theme, scheme: "light" | "dark"): Map<string, string> {
  const found = new Map<string, string>();
  const ground = GROUNDS[scheme];
  const surface = parseHex(theme.surface ?? "");
  const paper = surface && contrast(surface, ground.ink) >= COMFORTABLE ? surface : ground.paper;
  if (paper === surface) found.set("--narthex-surface", css(surface));
  const accent = parseHex(theme.accent ?? "");
  if (accent) {
    found.set("--narthex-accent", css(accent));
    found.set("--on-accent", textOn(accent));
    found.set("--accent-ink", css(legible(accent, [paper, ground.card])));
  }
  if (theme.radius !== undefined)
    found.set("--narthex-radius", `${Math.min(16, Math.max(0, theme.radius))}px`);
  if (theme.font && /^[\w\s,"'-]{1,200}$/.test(theme.font)) found.set("--narthex-font", theme.font);
  return found;
}

/** Return the colour, moved towards black or white until text in it is legible on every ground. */
export function legible(colour: Rgb, grounds: readonly Rgb[]): Rgb {
  const end: Rgb =
    contrast(grounds[0] as Rgb, [0, 0, 0]) > contrast(grounds[0] as Rgb, [255, 255, 255])
      ? [0, 0, 0]
      : [255, 255, 255];
  for (let part = 0; part < 1; part += 0.04) {
    const mixed = mix(colour, end, part);
    if (grounds.every((ground) => contrast(mixed, ground) >= AA)) return mixed;
  }
  return end;
}

/** Dress a document in a theme, and again when the reader's system turns light or dark. Return how to undress it. */
export function wear(root: HTMLElement, theme: Theme): () => void {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  let worn: string[] = [];
  const take = () => {
    for (const name of worn) root.style.removeProperty(name);
    const scheme =
      theme.scheme === "light" || theme.scheme === "dark" ? theme.scheme : system.matches ? "dark" : "light";
    if (theme.scheme === "light" || theme.scheme === "dark") root.dataset.theme = theme.scheme;
    else delete root.dataset.theme;
    const found = variables(theme, scheme);
    for (const [name, value] of found) root.style.setProperty(name, value);
    worn = [...found.keys()];
  };
  take();
  system.addEventListener("change", take);
  return () => {
    system.removeEventListener("change", take);
    for (const name of worn) root.style.removeProperty(name);
  };
}

function mix(one: Rgb, other: Rgb, part: number): Rgb {
  return one.map((value, i) => Math.round(value + ((other[i] as number) - value) * part)) as unknown as Rgb;
}

function css(colour: Rgb): string {
  return `rgb(${colour.join(" ")})`;
}
