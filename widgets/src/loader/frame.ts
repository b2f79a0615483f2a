/** Our page in a frame, and the talk with it: `init` to exactly our origin, everything else through one port. */

import { BRIDGE_VERSION, type FromFrame, type FromPage, type Init } from "../core/bridge";
import { make } from "./make";

export interface Frame {
  readonly element: HTMLElement;
  readonly send: (message: FromPage) => void;
}

/** Make the frame; `init` is asked each time the page in it loads, `take` gets what it says. */
export function openFrame(
  url: URL,
  title: string,
  init: () => Omit<Init, "narthex" | "version">,
  take: (message: FromFrame) => void,
): Frame {
  let port: MessagePort | undefined;
  const element = make("iframe", "frame", "", {
    title,
    referrerpolicy: "origin", // the page we open checks which site it stands in
    allow: "clipboard-write",
    src: url.href,
  }) as HTMLIFrameElement;
  // once for each page that loads; one of another origin cannot receive it
  element.onload = () => {
    port?.close();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (event: MessageEvent<FromFrame>) => take(event.data);
    port = port1;
    const greeting: Init = { narthex: "init", version: BRIDGE_VERSION, ...init() };
    element.contentWindow?.postMessage(greeting, url.origin, [port2]);
  };
  return { element, send: (message) => port?.postMessage(message) };
}
