/** The console's pages: who sees which, and which one an address names. The server decides again at every call. */

import type { Team } from "./watch/cases";

const HOSTS = ["owner", "admin", "pastor", "moderator"];
const OFFICE = ["owner", "admin"];
const PRAYING = ["owner", "admin", "pastor", "prayer_team"];

/** Who works on which queue. */
const TEAMS: Record<Team, readonly string[]> = {
  chat: HOSTS,
  prayer: PRAYING,
  pastors: ["owner", "pastor"],
  care: PRAYING,
};

export const PAGES = [
  { name: "queue", icon: "inbox", roles: [...HOSTS, "prayer_team"] },
  { name: "prayers", icon: "heart", roles: PRAYING },
  { name: "care", icon: "people", roles: PRAYING },
  { name: "rota", icon: "calendar", roles: PRAYING },
  { name: "live", icon: "chat", roles: HOSTS },
  { name: "gatherings", icon: "calendar", roles: ["owner", "admin", "pastor"] },
  { name: "safety", icon: "flag", roles: HOSTS },
  { name: "widgets", icon: "open", roles: OFFICE },
  { name: "people", icon: "people", roles: OFFICE },
  { name: "audit", icon: "clock", roles: OFFICE },
  { name: "account", icon: "person", roles: null },
] as const;

export type Page = (typeof PAGES)[number];
export type PageName = Page["name"];

/** Return the pages for these roles, in their order; one's own account is for everybody. */
export function pagesFor(roles: readonly string[]): readonly Page[] {
  return PAGES.filter(({ roles: needed }) => needed === null || needed.some((role) => roles.includes(role)));
}

/** Return the queues that these roles work on. */
export function teamsFor(roles: readonly string[]): readonly Team[] {
  const teams = Object.entries(TEAMS) as [Team, readonly string[]][];
  return teams.filter(([, needed]) => needed.some((role) => roles.includes(role))).map(([team]) => team);
}

/** Return the page that an address names, if these roles may see it; else their first one. */
export function pageAt(path: string, roles: readonly string[]): PageName {
  const asked = /^\/console\/[^/]+\/(\w+)/.exec(path)?.[1];
  const mine = pagesFor(roles);
  return (mine.find(({ name }) => name === asked) ?? mine[0] ?? PAGES[PAGES.length - 1])?.name ?? "account";
}
