/**
 * How a frame of ours and the church's page around it talk: one `init` by postMessage to exactly our origin, with a
 * MessagePort; everything after it goes through that port. Each side believes nothing it has not checked.
 */

import type { OwnTexts } from "./speech";
import type { Theme } from "./theme";

export const BRIDGE_VERSION = 1;

/** The first message, from the church's page to the frame. */
export interface Init {
  readonly narthex: "init";
  readonly version: number;
  readonly theme?: Theme;
  readonly language?: string;
  readonly identity?: string; // a JWT by which the site vouches for its visitor
  readonly closable?: boolean; // the frame stands in a panel that can be closed
  readonly texts?: OwnTexts; // to be looked at before they are saved; believed of our own pages alone
}

/** What a frame tells the page around it. */
export type FromFrame =
  | { readonly type: "ready" }
  | { readonly type: "close" }
  | { readonly type: "resize"; readonly height: number }
  | { readonly type: "unread"; readonly count: number; readonly mentions: number };

/** What the page tells its frame later. */
export type FromPage =
  | { readonly type: "shown" }
  | { readonly type: "hidden" }
  | { readonly type: "identity"; readonly identity: string };

/** The frame's end. On a page of its own, without a parent, nobody answers and nothing is sent. */
export class Bridge {
  #port: MessagePort | null = null;
  /** The site that holds us, as the browser reports it; empty until `init` came. */
  site = "";
  /** Whether a page of ours holds us: the console shows a church how its chat looks. */
  ours = false;
  onMessage: (message: FromPage) => void = () => {};

  /**
   * Wait for the parent's init and call `begin` with it, each time it comes. An init from any other window, or from
   * an origin that is neither ours nor on the church's list, is left unanswered.
   */
  listen(sites: readonly string[], begin: (init: Init) => void): void {
    window.addEventListener("message", (event: MessageEvent<unknown>) => {
      const ours = event.origin === window.location.origin;
      if (event.source !== window.parent || !(ours || allowed(event.origin, sites))) return;
      const init = event.data as Partial<Init> | null;
      const port = event.ports[0];
      if (init?.narthex !== "init" || typeof init.version !== "number" || !port) return;
      this.#port?.close();
      this.#port = port;
      this.ours = ours;
      this.site = new URL(event.origin).hostname;
      port.onmessage = (message: MessageEvent<FromPage>) => this.onMessage(message.data);
      begin(init as Init);
      this.send({ type: "ready" });
    });
  }

  send(message: FromFrame): void {
    this.#port?.postMessage(message);
  }
}

/** Tell whether an origin is one of these sites; `*.` in front stands for any name below. */
export function allowed(origin: string, sites: readonly string[]): boolean {
  return sites.some((site) => {
    if (!site.includes("*")) return site === origin;
    const [scheme = "", host = ""] = site.split("://");
    return (
      origin.startsWith(`${scheme}://`) &&
      origin.endsWith(host.slice(1)) &&
      !origin.endsWith(`//${host.slice(2)}`)
    );
  });
}
