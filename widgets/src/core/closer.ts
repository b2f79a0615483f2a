/** The button that closes the panel we stand in: on a phone the panel covers the launcher, and this is the way out. */

import { html, render } from "lit";
import type { Bridge } from "./bridge";
import { icon } from "./icons";

/** Put it in front of the page, or give the one that is there its name in another language. */
export function closer(bridge: Bridge, name: string): void {
  let place = document.querySelector<HTMLElement>("body > .closer");
  if (!place) {
    place = document.createElement("div");
    place.className = "closer";
    document.body.prepend(place);
  }
  render(
    html`<button class="round" aria-label=${name} @click=${() => bridge.send({ type: "close" })}>${icon("close")}</button>`,
    place,
  );
}
