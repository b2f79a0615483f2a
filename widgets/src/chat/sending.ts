/** One message of mine that nobody else has seen yet, with what can be done about it. */

import { html, nothing, type TemplateResult } from "lit";
import { icon } from "../core/icons";
import type { Chat } from "./chat";
import type { Sending } from "./outbox";
import type { Speech } from "./speech";
import { hue, initials } from "./text";

/** Draw it as it will stand once it is posted, so that nothing jumps. */
export function sendingRow(item: Sending, grouped: boolean, chat: Chat, speech: Speech): TemplateResult {
  const me = chat.session.person;
  const name = me?.name || speech.say("you");
  return html`<article class=${`message mine sending ${item.state} ${grouped ? "grouped" : ""}`} data-sending=${item.id}>
    ${
      grouped
        ? nothing
        : html`<span class="avatar" aria-hidden="true" .style=${`--hue:${hue(me?.id ?? "")}`}>${initials(name)}</span>`
    }
    <div class="said">
      ${
        grouped
          ? nothing
          : html`<header><bdi class="name">${name}</bdi> <span class="you">(${speech.say("you")})</span>
              <time>${speech.dates.time(item.at)}</time></header>`
      }
      <p class="text" dir="auto">${item.body}</p>
      <p class="note" role=${item.state === "failed" ? "alert" : nothing}>${status(item, chat, speech)}</p>
    </div>
  </article>`;
}

function status(item: Sending, chat: Chat, { say, dates, error }: Speech): unknown {
  switch (item.state) {
    case "sent":
      return nothing;
    case "unsigned":
      return html`${say("waitingName")}
        <button class="plain" @click=${() => chat.ask({ why: "send" })}>${say("retry")}</button>
        <button class="plain" @click=${() => chat.discard(item.id)}>${say("discard")}</button>`;
    case "later":
      return html`${icon("clock")} ${say("later", { span: dates.span((item.until ?? 0) - Date.now()) })}
        <button class="plain" @click=${() => chat.discard(item.id)}>${say("discard")}</button>`;
    case "failed":
      return html`${icon("warning")} ${say("notSent")} ${error(item.code ?? "")}
        <button class="plain" @click=${() => chat.retry(item.id)}>${say("retry")}</button>
        <button class="plain" data-act="rewrite" data-emoji=${item.id}>${say("editAgain")}</button>
        <button class="plain" @click=${() => chat.discard(item.id)}>${say("discard")}</button>`;
    case "sending":
      return chat.connection.kind === "online"
        ? say("sending")
        : html`${icon("offline")} ${say("waitingConnection")}`;
  }
}
