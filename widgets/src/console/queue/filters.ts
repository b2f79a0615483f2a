/** Which of the waiting cases are listed. */

import { html, nothing, type TemplateResult } from "lit";
import type { CaseShown } from "../../core/generated";
import type { Kind, Team } from "../watch/cases";
import type { QueueWords } from "../words/queue";

export interface Filter {
  readonly team: Team | "";
  readonly kind: Kind | "";
  readonly mine: boolean;
}

const KINDS: Record<Team, readonly Kind[]> = {
  chat: ["message", "report"],
  prayer: ["prayer", "flag", "reply"],
  pastors: ["prayer", "flag", "reply", "concern"],
  care: ["care"],
};

export function filtered(cases: readonly CaseShown[], filter: Filter, me: string): readonly CaseShown[] {
  const { team, kind, mine } = filter;
  return cases.filter(
    (one) =>
      (!team || one.team === team) && (!kind || one.kind === kind) && (!mine || one.assigned_to === me),
  );
}

/** Draw the filters; one that could choose nothing else is left out. */
export function filters(
  filter: Filter,
  teams: readonly Team[],
  words: QueueWords,
  changed: (change: Partial<Filter>) => void,
): TemplateResult {
  const kinds = [...new Set((filter.team ? [filter.team] : teams).flatMap((team) => KINDS[team]))];
  const value = (event: Event) => (event.target as HTMLSelectElement).value;
  return html`<div class="row filters tabs">
    ${
      teams.length > 1
        ? html`<select aria-label=${words.team} @change=${(event: Event) => changed({ team: value(event) as Team | "", kind: "" })}>
          <option value="" .selected=${!filter.team}>${words.allTeams}</option>
          ${teams.map((team) => html`<option value=${team} .selected=${team === filter.team}>${words.teams[team]}</option>`)}
        </select>`
        : nothing
    }
    ${
      kinds.length > 1
        ? html`<select aria-label=${words.kind} @change=${(event: Event) => changed({ kind: value(event) as Kind | "" })}>
          <option value="" .selected=${!filter.kind}>${words.allKinds}</option>
          ${kinds.map((kind) => html`<option value=${kind} .selected=${kind === filter.kind}>${words.kinds[kind]}</option>`)}
        </select>`
        : nothing
    }
    <label class="check"><input type="checkbox" .checked=${filter.mine}
      @change=${(event: Event) => changed({ mine: (event.target as HTMLInputElement).checked })} />${words.mine}</label>
  </div>`;
}
