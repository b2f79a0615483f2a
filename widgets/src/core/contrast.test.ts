// @vitest-environment node

import { describe, expect, it } from "vitest";
import { contrast, parseHex, type Rgb, textOn } from "./contrast";

const colour = (hex: string): Rgb => {
  const found = parseHex(hex);
  if (!found) throw new Error(`${hex} is no colour`);
  return found;
};

describe("contrast", () => {
  it("is 21 for black on white and 1 for a colour on itself", () => {
    expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21);
    expect(contrast(colour("#0f6e6e"), colour("#0f6e6e"))).toBe(1);
  });

  it("reads short and long hexadecimal colours and refuses everything else", () => {
    expect(parseHex("#fc0")).toEqual([255, 204, 0]);
    expect(parseHex(" #0F6E6E ")).toEqual([15, 110, 110]);
    for (const wrong of ["", "teal", "#12", "#12345g", "rgb(0,0,0)"]) expect(parseHex(wrong)).toBeNull();
  });

  it("keeps text on any accent at AA, yellow included", () => {
    for (let r = 0; r < 256; r += 17)
      for (let g = 0; g < 256; g += 17)
        for (let b = 0; b < 256; b += 17) {
          const accent: Rgb = [r, g, b];
          expect(contrast(accent, colour(textOn(accent)))).toBeGreaterThanOrEqual(4.5);
        }
  });
});
