/** The boxes of a prayer request in which one thing is chosen out of few. */

import { html, type TemplateResult } from "lit";
import type { TeamRequest } from "../../core/generated";

export const VISIBILITIES = [
  "wall",
  "members",
  "team",
  "pastors",
] as const satisfies TeamRequest["visibility"][];
export const TEAM_CATEGORIES = [
  "health",
  "family",
  "grief",
  "work",
  "faith",
  "thanks",
  "world",
  "other",
] as const satisfies TeamRequest["category"][];
export const STATES = [
  "held",
  "pastor",
  "approved",
  "answered",
  "declined",
  "expired",
  "archived",
  "withdrawn",
] as const satisfies TeamRequest["state"][];

/** Draw a box with its label; `chosen` is called with what somebody chooses. */
export function choices<Value extends string>(
  id: string,
  label: string,
  values: readonly Value[],
  names: Readonly<Record<string, string>>,
  value: Value,
  disabled: boolean,
  chosen: (value: Value) => void,
): TemplateResult {
  return html`<div>
    <label for=${id}>${label}</label>
    <select id=${id} ?disabled=${disabled}
      @change=${(event: Event) => chosen((event.target as HTMLSelectElement).value as Value)}>
      ${values.map((one) => html`<option value=${one} .selected=${one === value}>${names[one] ?? one}</option>`)}
    </select>
  </div>`;
}
