import { afterEach, describe, expect, it } from "vitest";
import { contrast, type Rgb } from "./contrast";
import { legible, variables, wear } from "./theme";

const rgb = (css: string | undefined): Rgb => (css ?? "").match(/\d+/g)?.map(Number) as unknown as Rgb;
const paper = { light: [251, 249, 246] as Rgb, dark: [20, 23, 26] as Rgb };
const card = { light: [255, 255, 255] as Rgb, dark: [29, 33, 37] as Rgb };

afterEach(() => {
  document.documentElement.removeAttribute("style");
  delete document.documentElement.dataset.theme;
});

describe("a church's accent", () => {
  it("is legible as text on every ground, in light and dark, whatever was chosen", () => {
    for (let r = 0; r < 256; r += 51)
      for (let g = 0; g < 256; g += 51)
        for (let b = 0; b < 256; b += 51)
          for (const scheme of ["light", "dark"] as const) {
            const accent = `#${[r, g, b].map((part) => part.toString(16).padStart(2, "0")).join("")}`;
            const ink = rgb(variables({ accent }, scheme).get("--accent-ink"));
            expect(contrast(ink, paper[scheme])).toBeGreaterThanOrEqual(4.5);
            expect(contrast(ink, card[scheme])).toBeGreaterThanOrEqual(4.5);
          }
  });

  it("stays as it is where it is legible already, and is only darkened as far as needed", () => {
    expect(variables({ accent: "#0f6e6e" }, "light").get("--accent-ink")).toBe("rgb(15 110 110)");
    const yellow = legible([255, 221, 0], [paper.light]);
    expect(yellow).not.toEqual([0, 0, 0]);
    expect(contrast(yellow, paper.light)).toBeLessThan(6);
  });

  it("carries black or white, whichever reads better", () => {
    expect(variables({ accent: "#ffdd00" }, "light").get("--on-accent")).toBe("#000000");
    expect(variables({ accent: "#000080" }, "light").get("--on-accent")).toBe("#ffffff");
  });
});

describe("what cannot be used", () => {
  it("is left out: colours that are none, grounds nobody could read on, fonts with tricks", () => {
    expect(variables({ accent: "red;}" }, "light").size).toBe(0);
    expect(variables({ surface: "#ffffff" }, "dark").has("--narthex-surface")).toBe(false);
    expect(variables({ surface: "#ffffff" }, "light").has("--narthex-surface")).toBe(true);
    expect(variables({ font: "x; background: url(https://evil.example)" }, "light").size).toBe(0);
    expect(variables({ radius: 99 }, "light").get("--narthex-radius")).toBe("16px");
  });
});

describe("wearing a theme", () => {
  it("dresses the document, and the next theme leaves nothing of the one before", () => {
    const root = document.documentElement;
    const undress = wear(root, { scheme: "dark", accent: "#ffdd00", font: "Georgia, serif" });
    expect(root.dataset.theme).toBe("dark");
    expect(root.style.getPropertyValue("--narthex-font")).toBe("Georgia, serif");
    undress();
    wear(root, { scheme: "auto" });
    expect(root.dataset.theme).toBeUndefined();
    expect(root.style.getPropertyValue("--narthex-accent")).toBe("");
  });
});
