/** Contrast by WCAG 2.2 (relative luminance, success criterion 1.4.3), for accents that a church chose itself. */

export type Rgb = readonly [number, number, number];

/** Parse `#rgb` or `#rrggbb`; null for anything else. */
export function parseHex(text: string): Rgb | null {
  const six = text.trim().replace(/^#(.)(.)(.)$/, "#$1$1$2$2$3$3");
  if (!/^#[0-9a-f]{6}$/i.test(six)) return null;
  const value = Number(`0x${six.slice(1)}`);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** Return the relative luminance of a colour, 0 (black) to 1 (white). */
export function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Return the contrast ratio of two colours, 1 to 21. */
export function contrast(one: Rgb, other: Rgb): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** Black and white read equally well on a ground of this luminance: (L + 0.05)² = 1.05 × 0.05. */
const MIDDLE = 0.1791;

/** Return the text colour, black or white, that reads better on a background; at least 4.5:1 on any. */
export function textOn(background: Rgb): "#000000" | "#ffffff" {
  return luminance(background) > MIDDLE ? "#000000" : "#ffffff";
}
