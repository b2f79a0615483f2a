/** The list of what waits: kind, first words, how long, who looks at it, whose it is. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { CaseShown } from "../../core/generated";
import { type IconName, icon } from "../../core/icons";
import { type Kind, takenBy } from "../watch/cases";
import type { QueueWords } from "../words/queue";
import { age } from "./ages";
import { publicWords } from "./wording";

const CRISIS = 2;
const URGENT = 1;

const ICONS: Record<Kind, IconName> = {
  prayer: "heart",
  flag: "flag",
  reply: "reply",
  message: "chat",
  report: "warning",
  care: "people",
  concern: "warning",
};

export interface Look {
  readonly words: QueueWords;
  readonly language: string;
  readonly me: string;
  readonly chosen: string;
  readonly choose: (id: string) => void;
}

/** Draw cases. One entry is in the tab order at a time; arrows move. */
export function caseList(cases: readonly CaseShown[], look: Look): TemplateResult {
  const reachable = cases.some(({ id }) => id === look.chosen) ? look.chosen : cases[0]?.id;
  return html`<ul class="stream cases" role="listbox" aria-label=${look.words.list}>${repeat(
    cases,
    ({ id }) => id,
    (one) => html`<li role="option" data-id=${one.id} tabindex=${one.id === reachable ? 0 : -1}
      class=${one.weight >= CRISIS ? "crisis" : ""} aria-selected=${one.id === look.chosen ? "true" : "false"}
      @click=${() => look.choose(one.id)} @focus=${() => look.choose(one.id)}>${entry(one, look)}</li>`,
  )}</ul>`;
}

function entry(one: CaseShown, look: Look): TemplateResult {
  const { words, language } = look;
  return html`
    <span class="byline">
      ${kindOf(one, words)} ${weightOf(one, words)}
      <span class="age"><span class="hidden">${words.waits(age(one.opened_at, language))}</span>
        <span aria-hidden="true">${age(one.opened_at, language)}</span></span>
    </span>
    <span class="text first" dir="auto">${firstWords(one, words)}</span>
    ${hands(one, look)}
  `;
}

/** Draw who looks at a case and whose it is. */
export function hands(
  one: CaseShown,
  { words, me }: Pick<Look, "words" | "me">,
): TemplateResult | typeof nothing {
  const other = takenBy(one, me);
  const mine = one.claimed_by === me && one.state === "open";
  const assigned =
    one.assigned_to === me ? words.yours : one.assigned_to_name ? words.of(one.assigned_to_name) : "";
  if (!other && !mine && !assigned) return nothing;
  return html`<span class="badges hands">
    ${other ? html`<span class="badge waiting">${words.looks(other)}</span>` : nothing}
    ${mine ? html`<span class="badge">${words.youLook}</span>` : nothing}
    ${assigned ? html`<span class="badge">${assigned}</span>` : nothing}
  </span>`;
}

/** Draw what kind of case it is. */
export function kindOf({ kind, reason }: CaseShown, words: QueueWords): TemplateResult {
  const named = kind === "care" && reason === "second" ? words.second : words.kinds[kind];
  return html`<strong class="kind">${icon(ICONS[kind])} ${named}</strong>`;
}

/** Draw why it comes before others: in words, not in colour alone. */
export function weightOf({ weight }: CaseShown, words: QueueWords): TemplateResult | typeof nothing {
  if (weight >= CRISIS) return html`<span class="reason urgent">${icon("warning")} ${words.crisis}</span>`;
  return weight >= URGENT ? html`<span class="reason">${words.urgent}</span>` : nothing;
}

export function firstWords(one: CaseShown, words: QueueWords): string {
  if (one.reply) return one.reply.body;
  if (one.message) return one.message.body ?? "";
  if (one.care) return one.care.topic || words.someone(one.care.name);
  return one.request ? publicWords(one.request) : "";
}
