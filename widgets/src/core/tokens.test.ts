// @vitest-environment node

import { describe, expect, it } from "vitest";
import { contrast, parseHex, type Rgb } from "./contrast";
import css from "./tokens.css?raw";

/** The colours set in one block, by name, with a church's overrides left out. */
function palette(selector: string): Map<string, Rgb> {
  const start = css.indexOf(`${selector} {`);
  const block = css.slice(start, css.indexOf("}", start));
  const found = new Map<string, Rgb>();
  for (const [, name = "", value = ""] of block.matchAll(
    /--([a-z-]+):\s*(?:var\([^,]+,\s*)?(#[0-9a-f]{6})/g,
  )) {
    const colour = parseHex(value);
    if (colour) found.set(name, colour);
  }
  return found;
}

const palettes = { light: palette(":root"), dark: palette(':root[data-theme="dark"]') };

/** Text on its ground needs 4.5:1, the edge of a control 3:1 (WCAG 2.2, 1.4.3 and 1.4.11). */
const pairs: [string, string, number][] = [
  ["ink", "paper", 4.5],
  ["ink", "card", 4.5],
  ["muted", "paper", 4.5],
  ["muted", "card", 4.5],
  ["accent", "paper", 4.5],
  ["accent", "card", 4.5],
  ["on-accent", "accent", 4.5],
  ["accent-ink", "paper", 4.5],
  ["accent-ink", "card", 4.5],
  ["accent-ink", "accent-paper", 4.5],
  ["ink", "accent-paper", 4.5],
  ["ink", "hover", 4.5],
  ["muted", "hover", 4.5],
  ["danger", "card", 4.5],
  ["danger", "danger-paper", 4.5],
  ["ink", "danger-paper", 4.5],
  ["waiting", "waiting-paper", 4.5],
  ["ink", "waiting-paper", 4.5],
  ["edge", "card", 3],
];

describe.each(Object.entries(palettes))("the %s palette", (_, colours) => {
  it.each(pairs)("keeps %s on %s legible", (text, ground, least) => {
    const [one, other] = [colours.get(text), colours.get(ground)];
    expect(one && other && contrast(one, other)).toBeGreaterThanOrEqual(least);
  });
});

describe("tokens.css", () => {
  it("has the same dark values for the reader's system and for a page told to be dark", () => {
    expect(palette(':root:not([data-theme="light"])')).toEqual(palettes.dark);
    expect(palettes.dark.size).toBeGreaterThan(10);
  });
});
