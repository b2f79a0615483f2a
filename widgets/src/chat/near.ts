/** Which blocks of a stretch are worth drawing; pure. */

import type { Block } from "./timeline";

const GUESS_PX = 46; // the height of a message that was never drawn

/** The first block and the one behind the last. */
export type Span = readonly [from: number, to: number];

/** Where the reader looks: px from the top of the stretch, or null at its end; and the height of the view. */
export interface Look {
  readonly top: number | null;
  readonly view: number;
}

export function height(block: Block | undefined): number {
  return block ? (block.height ?? block.entries.length * GUESS_PX) : 0;
}

export function sum(blocks: readonly Block[]): number {
  return blocks.reduce((total, block) => total + height(block), 0);
}

/** Return the blocks no further from the view than this many px; never none, as long as there are some. */
export function within(blocks: readonly Block[], { top, view }: Look, distance: number): Span {
  let from = blocks.length;
  if (top === null) {
    for (let left = view + distance; from > 0 && left > 0; ) left -= height(blocks[--from]);
    return [from, blocks.length];
  }
  const edge = top - distance;
  let [to, y] = [0, 0];
  for (let i = 0; i < blocks.length && y < edge + view + 2 * distance; y += height(blocks[i++]))
    if (y + height(blocks[i]) > edge) [from, to] = [Math.min(from, i), i + 1];
  return from < to ? [from, to] : [Math.max(0, blocks.length - 2), blocks.length];
}

/**
 * Return what to draw next: all that is in view, what was drawn and is still near, and one more block towards what is
 * near, so that no frame draws many.
 */
export function grown(drawn: Span, inView: Span, near: Span): Span {
  let [from, to] = inView;
  if (drawn[0] < to && from < drawn[1]) {
    from = Math.min(from, Math.max(drawn[0], near[0]));
    to = Math.max(to, Math.min(drawn[1], near[1]));
  }
  if (from !== drawn[0] || to !== drawn[1]) return [from, to];
  if (from > near[0]) return [from - 1, to];
  return to < near[1] ? [from, to + 1] : [from, to];
}
