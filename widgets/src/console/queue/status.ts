/** One line that tells whether all is well: are we connected, who else works here, what waits and since when. */

import { html, nothing, type TemplateResult } from "lit";
import type { Team } from "../watch/cases";
import type { Watch } from "../watch/watch";
import type { QueueWords } from "../words/queue";
import { age } from "./ages";

/** Draw it for all queues one works on, or for some of them. */
export function statusLine(
  watch: Watch,
  words: QueueWords,
  language: string,
  teams: readonly Team[] = watch.teams,
): TemplateResult {
  const { state, cases } = watch;
  const list = cases.list.filter(({ team }) => teams.includes(team));
  const oldest = [...list].sort((a, b) => Date.parse(a.opened_at) - Date.parse(b.opened_at))[0];
  const names = [
    ...new Map(teams.flatMap((team) => watch.here(team)).map(({ id, name }) => [id, name])).values(),
  ];
  return html`<div class=${`status ${state.kind}`}>
    <span class="dot" aria-hidden="true"></span>
    <span role="status">${connection(watch, words)}</span>
    <strong class="count">${words.waiting(teams.length === watch.teams.length ? cases.waiting : list.length)}</strong>
    ${oldest ? html`<span class="age">${words.oldest(age(oldest.opened_at, language))}</span>` : nothing}
    ${names.length ? html`<span class="muted">${words.here(names.join(", "))}</span>` : nothing}
  </div>`;
}

/** Say how we stand with the server. */
export function connection({ state }: Pick<Watch, "state">, words: QueueWords): string {
  if (state.kind === "online") return words.connected;
  if (state.kind === "ended") return words.ended;
  return state.kind === "waiting" || state.tries > 0 ? words.reconnecting : words.connecting;
}
