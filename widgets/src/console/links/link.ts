/** The link of a letter, `/console/{church}#{kind}={token}`: read once and gone from the address bar. */

export const KINDS = ["register", "reset", "email", "invite"] as const;
export type LinkKind = (typeof KINDS)[number];

/** A token opens what it names once; it is kept in memory only, and never shown. */
export interface MailedLink {
  readonly kind: LinkKind;
  readonly token: string;
}

/** Return the link in a fragment, or null. */
export function readLink(hash: string): MailedLink | null {
  const found = /^#(\w+)=([\w.~-]+)$/.exec(hash);
  const kind = KINDS.find((one) => one === found?.[1]);
  return kind && found?.[2] ? { kind, token: found[2] } : null;
}

/** Take the link out of the address bar and out of the browser's history, whatever it turns out to be. */
export function takeLink(page: Pick<Window, "location" | "history">): MailedLink | null {
  const { hash, pathname, search } = page.location;
  const link = readLink(hash);
  if (link) page.history.replaceState(null, "", pathname + search);
  return link;
}
