/** One line that tells whether all is well: who is here, does everybody have everything, what waits and since when. */

import { html, nothing, type TemplateResult } from "lit";
import { since } from "../time";
import type { LiveWords } from "../words/live";
import type { Desk } from "./desk";

export function statusLine(desk: Desk, words: LiveWords, language: string): TemplateResult {
  const { behind, hosts, state } = desk;
  const oldest = desk.queue.cases[0];
  const names = [...hosts.values()].map(({ name }) => name).join(", ");
  return html`<p class=${`status ${state.kind} ${behind ? "behind" : ""}`} role="status">
    <span class="dot" aria-hidden="true"></span>
    <span>${connection(desk, words)}</span>
    <span>${
      oldest
        ? `${words.waiting(desk.queue.cases.length)}, ${words.oldest(since(oldest.at, language))}`
        : words.nothingWaits
    }</span>
    ${names ? html`<span>${words.hosts(names)}</span>` : nothing}
  </p>`;
}

/** Say what is known of the room; while we are cut off ourselves, nothing is claimed about others. */
function connection({ state, room, behind }: Desk, words: LiveWords): string {
  if (state.kind === "online") return room.shown ? words.health(room.here, behind) : words.connected;
  if (state.kind === "ended") return words.ended;
  return state.kind === "waiting" || state.tries > 0 ? words.reconnecting : words.connecting;
}
