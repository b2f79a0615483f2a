/** Which roles somebody may give, and the boxes to give them with. The server's own table decides again. */

import { html, type TemplateResult } from "lit";
import type { Messages } from "../messages";
import type { PeopleWords } from "../words/people";

export const GIVEN = ["owner", "admin", "pastor", "moderator", "prayer_team"] as const;
export type Role = (typeof GIVEN)[number];

const COVERS: Readonly<Record<string, readonly Role[]>> = {
  owner: GIVEN,
  admin: ["admin", "moderator"],
  pastor: ["pastor", "prayer_team"],
  moderator: ["moderator"],
  prayer_team: ["prayer_team"],
};

/** Return the roles that holders of these roles together may give and take. */
export function covered(roles: readonly string[]): ReadonlySet<string> {
  return new Set(roles.flatMap((role) => COVERS[role] ?? []));
}

/** Draw a box for each role. What is beyond the asker's own roles is shown and cannot be touched. */
export function roleBoxes(
  legend: string,
  has: readonly string[],
  mine: readonly string[],
  words: PeopleWords,
  say: Messages,
): TemplateResult {
  const may = covered(mine);
  return html`<fieldset>
    <legend>${legend}</legend>
    ${GIVEN.map(
      (role) => html`<label class="check">
        <input type="checkbox" name="role" value=${role} ?checked=${has.includes(role)} ?disabled=${!may.has(role)} />
        <span>${say.roles[role]} <span class="hint">${words.about[role]}</span></span>
      </label>`,
    )}
    ${may.size < GIVEN.length ? html`<p class="hint">${words.rolesHint}</p>` : ""}
  </fieldset>`;
}

/** Read the boxes of a form; those that cannot be touched keep what they say. */
export function chosenRoles(form: HTMLFormElement): Role[] {
  const boxes = [...form.querySelectorAll<HTMLInputElement>('input[name="role"]')];
  return boxes.filter(({ checked }) => checked).map(({ value }) => value as Role);
}

/** Leave out what everybody is, unless somebody is nothing else. */
export function shownRoles(roles: readonly string[]): readonly string[] {
  const more = roles.filter((role) => role !== "member");
  return more.length ? more : roles;
}
