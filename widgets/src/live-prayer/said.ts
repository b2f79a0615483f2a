/** What was said in a room for two, and what of mine is still on its way. */

import { html, nothing, type TemplateResult } from "lit";
import type { Conversation } from "./conversation";
import type { Speech } from "./speech";

export function said(
  conversation: Conversation | null,
  speech: Speech,
  me: string | undefined,
): TemplateResult {
  const { say } = speech;
  return html`<div class="said" role="log" aria-label=${say("said")} tabindex="0"><ol>${conversation?.list.map(
    (message) => {
      const own = message.author?.id === me;
      return html`<li class=${own ? "own" : ""}><small>${own ? say("you") : (message.author?.name ?? "")}</small>
          <span dir="auto">${message.body}</span>${own && conversation.isSeen(message) ? html`<small>${say("seen")}</small>` : nothing}</li>`;
    },
  )}${[...(conversation?.mine.values() ?? [])].map(
    ({ id, body, code }) =>
      html`<li class="own pending"><small>${say("you")}</small><span dir="auto">${body}</span>${
        code
          ? html`<small class="alert">${say("notSent")} ${speech.error(code)}
              <button class="plain" @click=${() => void conversation?.send(body, id)}>${say("again")}</button></small>`
          : html`<small>${say("pending")}</small>`
      }</li>`,
  )}</ol></div>`;
}
