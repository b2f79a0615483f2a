/** Cases as the server tells them, for tests. */

import type { CaseShown, TeamRequest } from "../../core/generated";

export const teamRequest = (id: string, more: Partial<TeamRequest> = {}): TeamRequest => ({
  id,
  version: 1,
  round: 1,
  state: "held",
  visibility: "wall",
  for_whom: "self",
  category: "health",
  language: "en",
  body: "Please pray for my wife Anna",
  at: "2026-03-01T10:00:00Z",
  ...more,
});

/** Return a prayer request that waits. */
export const waitingCase = (id: string, more: Partial<CaseShown> = {}): CaseShown => ({
  id,
  kind: "prayer",
  team: "prayer",
  state: "open",
  weight: 0,
  version: 1,
  subject: `r-${id}`,
  subject_version: 1,
  opened_at: "2026-03-01T10:00:00Z",
  request: teamRequest(`r-${id}`),
  ...more,
});
