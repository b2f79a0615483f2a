/**
 * Sign in on a page of ours in a tab of its own, where the address bar shows whose it is, and be told the outcome. A
 * link with `rel="opener"` leads there: no script opens a window, so no browser blocks one. The page knocks at the one
 * that opened it with a MessagePort; everything between them goes through the port, and both stand on our origin.
 */

import type { Tokens } from "./generated";

const KNOCK = "narthex:sign-in";
const PATIENCE_MS = 4_000; // for an opener that has to renew a token before it answers

/** The outcome: tokens, and the name of the account they belong to. */
export interface SignedIn {
  readonly tokens: Tokens;
  readonly name: string;
}

/** Who asks for it: a guest's access token, if it is a guest, and the website that holds the frame. */
export interface Asker {
  readonly guest: string;
  readonly site: string;
}

/** Listen to sign-in pages that were opened from here, and to nobody else. The guest becomes the member. */
export function hearSignIn(asker: () => Promise<Asker>, done: (signedIn: SignedIn) => void): void {
  window.addEventListener("message", ({ source, origin, data, ports: [port] }: MessageEvent) => {
    if (origin !== window.location.origin || data !== KNOCK || !port) return;
    if ((source as Window).opener !== window) return;
    port.onmessage = async (message: MessageEvent<SignedIn | null>) =>
      message.data ? done(message.data) : port.postMessage(await asker());
  });
}

/** The sign-in page's end. */
export class Opener {
  readonly #port: MessagePort;

  constructor(opener: Window) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    opener.postMessage(KNOCK, window.location.origin, [port2]);
  }

  /** Return who asks; undefined when nobody answers any more. */
  asker(): Promise<Asker | undefined> {
    return new Promise((resolve) => {
      setTimeout(() => resolve(undefined), PATIENCE_MS);
      this.#port.onmessage = ({ data }: MessageEvent<Asker>) => resolve(data);
      this.#port.postMessage(null);
    });
  }

  tell(signedIn: SignedIn): void {
    this.#port.postMessage(signedIn);
  }
}
