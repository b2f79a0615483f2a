// @vitest-environment node

import { describe, expect, it } from "vitest";
import { grown, sum, within } from "./near";
import type { Block } from "./timeline";

const blocks = (count: number, height: number | null = 100): Block[] =>
  Array.from({ length: count }, (_, id) => ({
    id,
    entries: [{}, {}] as unknown as Block["entries"],
    version: 0,
    height,
  }));

describe("blocks within reach", () => {
  it("are the last ones for a reader at the end", () => {
    expect(within(blocks(50), { top: null, view: 350 }, 0)).toEqual([46, 50]);
    expect(within(blocks(2), { top: null, view: 350 }, 600)).toEqual([0, 2]);
    expect(within([], { top: null, view: 350 }, 0)).toEqual([0, 0]);
  });

  it("are those in view, and on both sides as far as asked", () => {
    expect(within(blocks(50), { top: 1_050, view: 300 }, 0)).toEqual([10, 14]);
    expect(within(blocks(50), { top: 1_050, view: 300 }, 200)).toEqual([8, 16]);
  });

  it("are guessed at where nobody has measured", () => {
    expect(sum(blocks(3, null))).toBe(3 * 2 * 46);
  });

  it("are never none, however far beyond the end a reader seems to be", () => {
    expect(within(blocks(5), { top: 99_999, view: 300 }, 0)).toEqual([3, 5]);
  });
});

describe("drawing on", () => {
  it("draws what is in view at once, then one block a frame", () => {
    expect(grown([0, 0], [10, 14], [8, 16])).toEqual([10, 14]);
    expect(grown([10, 14], [10, 14], [8, 16])).toEqual([9, 14]);
    expect(grown([8, 14], [10, 14], [8, 16])).toEqual([8, 15]);
    expect(grown([8, 16], [10, 14], [8, 16])).toEqual([8, 16]);
  });

  it("keeps what is still near and lets go of what is not", () => {
    expect(grown([8, 16], [13, 17], [11, 19])).toEqual([11, 17]);
  });

  it("begins anew after a jump", () => {
    expect(grown([40, 50], [10, 14], [8, 16])).toEqual([10, 14]);
  });
});
