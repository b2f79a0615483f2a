/**
 * `/embed.js`: what a church pastes into its own website. Plain TypeScript, no library, no storage, no requests.
 *
 * Either `<script src="…/embed.js" data-church="grace" async></script>` alone, which puts a chat launcher on the page,
 * or the script and the elements of kinds.ts where the church wants them.
 */

import { defineElements } from "./element";
import { kinds } from "./kinds";

const script = document.currentScript;
if (script instanceof HTMLScriptElement) {
  defineElements(new URL(script.src).origin);
  whenParsed(() => (script.dataset.church ? launch(script.dataset) : look()));
}

/** Without a church in the script the page needs an element of ours: say so to the webmaster when there is none. */
function look(): void {
  const ours = Object.keys(kinds).map((name) => `narthex-${name}`);
  if (!document.querySelector(`${ours}`)) console.warn("Narthex: data-church is missing.");
}

/** Put a launcher on the page unless one for this church is there: the snippet may have been pasted twice. */
function launch(told: DOMStringMap): void {
  if (document.querySelector(`narthex-chat[church="${CSS.escape(told.church ?? "")}"]`)) return;
  const chat = document.createElement("narthex-chat");
  for (const name in told) chat.setAttribute(name, told[name] ?? "");
  // beside the body: a website that navigates by itself puts another body there, and the chat goes on
  document.documentElement.append(chat);
}

function whenParsed(work: () => void): void {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", work, { once: true });
  else work();
}
