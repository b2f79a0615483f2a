/**
 * `/embed.js`: what a church pastes into its own website. Plain TypeScript, no library, no storage, no requests.
 *
 * Either `<script src="…/embed.js" data-church="grace" async></script>` alone, which puts a chat launcher on the page,
 * or the script and the elements of kinds.ts where the church wants them.
 */

import { defineElements } from "./element";

const script = document.currentScript;
if (script instanceof HTMLScriptElement) {
  defineElements(new URL(script.src).origin);
  if (script.dataset.church) whenParsed(() => launch(script.dataset));
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
