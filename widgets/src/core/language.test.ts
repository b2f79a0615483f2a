// @vitest-environment node

import { describe, expect, it } from "vitest";
import { chooseLanguage } from "./language";

describe("chooseLanguage", () => {
  it("takes the first wanted language that we write, whatever its region", () => {
    expect(chooseLanguage(["fr-CA", "es-MX", "en"])).toBe("es");
  });

  it("falls back to English", () => {
    expect(chooseLanguage([])).toBe("en");
    expect(chooseLanguage(["de", "x"])).toBe("en");
  });
});
