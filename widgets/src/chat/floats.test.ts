import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { rise } from "./floats";

let over: HTMLElement;

beforeEach(() => {
  vi.useFakeTimers();
  over = document.createElement("div");
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("floating emoji", () => {
  it("rise once for each that was thrown, and are gone soon", () => {
    rise(over, { "❤️": 2, "🙏": 1 }, () => 0.5);
    expect([...over.children].map((one) => one.textContent)).toEqual(["❤️", "❤️", "🙏"]);
    expect((over.firstElementChild as HTMLElement).style.getPropertyValue("--across")).toBe("50%");
    vi.advanceTimersByTime(4_000);
    expect(over.childElementCount).toBe(0);
  });

  it("never become a fog, and keep their proportions", () => {
    rise(over, { "❤️": 300, "🙏": 100 });
    expect(over.childElementCount).toBeLessThanOrEqual(24);
    expect([...over.children].filter((one) => one.textContent === "❤️").length).toBe(18);
  });

  it("do not move for who asked for stillness", () => {
    vi.stubGlobal("matchMedia", () => ({ matches: true }));
    rise(over, { "❤️": 3 });
    expect(over.childElementCount).toBe(0);
  });
});
