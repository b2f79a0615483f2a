/** What the server wrote into a page for visitors: which church, whose sites, its colours and its own words. */

import type { Church } from "./generated";
import type { OwnTexts } from "./speech";
import { Memory } from "./storage";
import type { Theme } from "./theme";

export interface Page {
  readonly church: Church;
  /** Origins that may hold this frame and speak to it, such as `https://www.grace.example`. */
  readonly sites: readonly string[];
  readonly theme: Theme;
  /** The church's own texts. */
  readonly texts: OwnTexts;
  /** What is agreed to before anything is written. */
  readonly consent: { readonly version: string; readonly url: string };
  readonly api: string;
  readonly live: string;
}

type Written = Partial<Page> & { readonly church?: Partial<Church> };

/**
 * Read `<script type="application/json" id="narthex-page">`; what it leaves out is as for a church that chose nothing.
 * `Own` is what the server writes for this app alone.
 */
export function readPage<Own extends object = object>(
  document: Document,
  location: Location,
): Page & Partial<Own> {
  const text = document.getElementById("narthex-page")?.textContent ?? "{}";
  const written = JSON.parse(text) as Written & Partial<Own>;
  const slug = written.church?.slug ?? decodeURIComponent(/^\/w\/([^/]+)/.exec(location.pathname)?.[1] ?? "");
  const name = encodeURIComponent(slug);
  return {
    sites: [],
    theme: {},
    texts: {},
    consent: { version: "1", url: "" },
    api: `/api/v1/${name}`,
    live: `${location.protocol === "http:" ? "ws" : "wss"}://${location.host}/live/${name}`,
    ...written,
    church: { slug, name: written.church?.name ?? slug, status: written.church?.status ?? "active" },
  };
}

/** Return what this browser remembers of a church, for all our pages. */
export function memoryOf({ church }: Page): Memory {
  return new Memory(`narthex:${church.slug}:`);
}
