/** What stands around the messages: the head, how fresh it all is, what is pinned, who types. */

import { html, nothing, type TemplateResult } from "lit";
import { icon } from "../core/icons";
import type { Chat } from "./chat";
import type { Speech } from "./speech";

const WORTH_JUMPING = 8; // unread messages that fit on a screen anyway need no button

export interface HeadActs {
  people(): void;
  settings(): void;
  /** Missing on a page of its own, which nobody can close. */
  readonly close: (() => void) | null;
}

export function head(chat: Chat, speech: Speech, acts: HeadActs): TemplateResult {
  const { say } = speech;
  const { room, gathering } = chat;
  const title = room.shown?.title ?? gathering?.title ?? chat.church;
  const live = chat.stage === "room" && chat.phase === "open" && room.shown !== null;
  const here = html`<button class="here" aria-haspopup="dialog" aria-label=${say("hereLabel", { count: room.here })}
    @click=${acts.people}>${icon("people")}${say("here", { count: room.here })}</button>`;
  return html`<header class="head">
    <div class="title"><h1 dir="auto">${title}</h1>
      <p>${live ? html`<span class="live">${say("live")}</span>` : nothing}${room.here > 0 ? here : nothing}</p></div>
    <button class="bare" aria-label=${say("menu")} aria-haspopup="dialog" @click=${acts.settings}>${icon("more")}</button>
    ${acts.close ? html`<button class="bare" aria-label=${say("close")} @click=${acts.close}>${icon("close")}</button>` : nothing}
  </header>`;
}

/** Say how fresh what is shown is, for as long as it is not. */
export function notice(chat: Chat, { say }: Speech): TemplateResult {
  const { kind } = chat.connection;
  const away =
    chat.stage === "room" && (kind === "waiting" || (kind === "connecting" && chat.connection.tries > 0));
  const behind = chat.room.shown !== null && !chat.joined && kind === "online";
  const text = away ? say(navigator.onLine ? "reconnecting" : "offline") : behind ? say("behind") : "";
  return html`<div class="notice" role="status">${text ? html`<p>${icon("offline")}${text}</p>` : nothing}</div>`;
}

/** Draw one of the pinned messages; `turn` counts how often the reader asked for the next. */
export function pins(
  chat: Chat,
  { say }: Speech,
  turn: number,
  acts: { show(id: string): void; next(): void },
): TemplateResult | typeof nothing {
  const all = [...chat.room.pins.values()];
  const number = turn % Math.max(1, all.length);
  const pin = all[number];
  if (!pin) return nothing;
  const place = { number: number + 1, count: all.length };
  return html`<section class="pins" aria-label=${say("pinned")}>
    <button class="pin" @click=${() => acts.show(pin.id)}>${icon("pin")}
      <span class="unseen">${say("pinnedOf", place)}:</span><span dir="auto">${pin.body}</span></button>
    ${
      all.length > 1
        ? html`<button class="bare" aria-label=${say("nextPin")} @click=${acts.next}>${place.number}/${place.count}</button>`
        : nothing
    }
  </section>`;
}

/** Offer the way to the first unread message, as long as it is out of view. */
export function unread(count: number, { say }: Speech, jump: () => void): TemplateResult | typeof nothing {
  if (count <= WORTH_JUMPING) return nothing;
  return html`<div class="unread"><button aria-label=${say("unreadJump")} @click=${jump}>
    ${icon("arrowUp")}${say("unread", { count })}</button></div>`;
}

export function typing(chat: Chat, { say }: Speech): TemplateResult {
  const names = chat.room.typists(Date.now());
  const [one = "", two = ""] = names;
  const key = names.length === 1 ? "typingOne" : names.length === 2 ? "typingTwo" : "typingMany";
  return html`<p class="typing" aria-hidden="true">${names.length > 0 ? say(key, { one, two }) : ""}</p>`;
}

export function slow(chat: Chat, { say, dates }: Speech): TemplateResult | typeof nothing {
  const seconds = chat.room.shown?.slow_seconds ?? 0;
  if (seconds === 0) return nothing;
  return html`<p class="slow">${icon("clock")}${say("slow", { span: dates.span(seconds * 1000) })}</p>`;
}
