/** What a crowd feels together: emoji that rise over the messages and are gone, and the strip they are thrown from. */

import { html, type TemplateResult } from "lit";
import { icon } from "../core/icons";
import type { Speech } from "./speech";

export const THROWN = ["❤️", "🙏", "🙌", "👏", "🎉"] as const;
const MOST_RISING = 24; // at once; a frame may tell of hundreds, and more would only be a fog
const LIFE_MS = 2_600;
const SPREAD_MS = 900; // those of one frame set out over this time, since the next comes in a second

/** Let emoji rise in an element; nothing moves for a reader who asked for stillness. */
export function rise(
  over: HTMLElement | null,
  emoji: Readonly<Record<string, number>>,
  random = Math.random,
): void {
  if (!over || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const total = Object.values(emoji).reduce((sum, count) => sum + count, 0);
  const share = Math.min(1, MOST_RISING / Math.max(1, total));
  for (const [one, count] of Object.entries(emoji))
    for (let i = 0; i < Math.ceil(count * share) && over.childElementCount < MOST_RISING; i++) {
      const drop = document.createElement("span");
      drop.textContent = one;
      drop.style.setProperty("--across", `${Math.round(random() * 100)}%`);
      drop.style.setProperty("--after", `${Math.round(random() * SPREAD_MS)}ms`);
      over.append(drop);
      setTimeout(() => drop.remove(), LIFE_MS + SPREAD_MS);
    }
}

/** Draw the strip; it opens above the writing box and stays, because joy comes more than once. */
export function strip(
  speech: Speech,
  open: boolean,
  toggle: () => void,
  send: (emoji: string) => void,
): TemplateResult {
  const { say } = speech;
  return html`<div class="strip">
    ${
      open
        ? html`<div class="thrown" role="group" aria-label=${say("float")}>${THROWN.map(
            (emoji) =>
              html`<button class="emoji" aria-label=${say("floatOne", { emoji })} @click=${() => send(emoji)}>${emoji}</button>`,
          )}</div>`
        : ""
    }
    <button class="bare" aria-label=${say("float")} title=${say("float")} aria-expanded=${open ? "true" : "false"}
      @click=${toggle}>${icon("heart")}</button>
  </div>`;
}
