/** Which room is open: the choice of it, and what is said when it has closed. */

import { html, nothing, type TemplateResult } from "lit";
import type { LiveWords } from "../words/live";
import type { Desk } from "./desk";

/** Draw the choice. A room that has closed stays chosen until a host chooses another. */
export function roomChoice(desk: Desk, words: LiveWords, choose: (room: string) => void): TemplateResult {
  const { rooms, chosen, closed } = desk;
  return html`<select aria-label=${words.room}
    @change=${(event: Event) => choose((event.target as HTMLSelectElement).value)}>
    ${closed ? html`<option value=${chosen} disabled .selected=${true}>${desk.room.shown?.title} (${words.phases.closed})</option>` : nothing}
    ${(rooms ?? []).map(({ room, unread }) => {
      const named = words.kinds[room.rehearses ? "rehearsal" : room.kind] ?? "";
      const kind = room.kind === "gathering" ? words.phases[room.phase] : named;
      const news = unread && room.id !== chosen ? ` · ${words.unread(unread)}` : "";
      return html`<option value=${room.id} .selected=${room.id === chosen}>${room.title} (${kind})${news}</option>`;
    })}
  </select>`;
}

/** Say that nobody but hosts sees this room, and offer to end it; or that it has closed. */
export function roomNotice(
  desk: Desk,
  words: LiveWords,
  end: (gathering: string) => void,
): TemplateResult | typeof nothing {
  if (desk.closed) return html`<p class="notice closed" role="alert">${words.roomClosed}</p>`;
  const { shown } = desk.room;
  const gathering = shown?.rehearses;
  if (!gathering) return nothing;
  return html`<div class="notice rehearsal">
    <p>${shown.phase === "closed" ? words.rehearsalOver : words.rehearsal}</p>
    <button @click=${() => end(gathering)}>${words.endRehearsal}</button>
  </div>`;
}
