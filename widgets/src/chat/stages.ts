/** What stands where the messages or the writing box would be: nothing planned, not yet open, closed, kept out. */

import { html, nothing, type TemplateResult } from "lit";
import { CLOSES, type GatheringShown } from "../core/generated";
import { icon } from "../core/icons";
import { calendarFile, offerFile } from "./calendar";
import type { Chat } from "./chat";
import type { Speech } from "./speech";
import { bones } from "./stream";

/** Draw a whole view in place of the room; null when the room itself is to be shown. */
export function stage(chat: Chat, speech: Speech): TemplateResult | null {
  const { say } = speech;
  const { church, connection } = chat;
  if (chat.stage === "suspended") return card(say("suspendedTitle"), say("suspended", { church }));
  if (connection.kind === "ended") return ended(connection.code, chat, speech);
  switch (chat.stage) {
    case "nothing":
      return card(say("nothingTitle"), say("nothing", { church }));
    case "failed":
      return failed(chat.why === "banned" ? "banned" : chat.why ? "notFound" : "failed", chat, speech);
    case "room":
      return chat.room.shown ? null : skeleton(speech);
    case "loading":
      return skeleton(speech);
  }
}

/** Draw what stands in place of the writing box; null when one may write. */
export function bar(chat: Chat, speech: Speech, leave: () => void = () => {}): TemplateResult | null {
  const { say, dates } = speech;
  const { shown, timeoutUntil } = chat.room;
  const { phase } = chat;
  const word = html`<button class="plain" @click=${leave}>${say("word")}</button>`;
  if (phase === "waiting")
    return html`<div class="bar">${icon("clock")}<p>${say("cannotWrite")} ${word}</p></div>`;
  if (phase === "closed")
    return html`<div class="bar closed"><p>${say("closed")} ${word}</p>${following(chat, speech)}</div>`;
  if (shown?.locked || shown?.lockdown) return html`<p class="bar">${icon("lock")}${say("lockedRoom")}</p>`;
  if (timeoutUntil > chat.now)
    return html`<p class="bar" role="status">${icon("clock")}${say("timeout", { span: dates.span(timeoutUntil - chat.now) })}</p>`;
  return null;
}

/** Draw the countdown above the messages of a room that is not open yet. */
export function countdown(chat: Chat, speech: Speech): TemplateResult | typeof nothing {
  const { gathering, room } = chat;
  if (chat.phase !== "waiting" || !gathering) return nothing;
  const { say, dates } = speech;
  const starts = Date.parse(gathering.starts_at);
  const opens = Date.parse(room.shown?.opens_at ?? gathering.opens_at);
  const left = starts - chat.now;
  return html`<section class="countdown" aria-labelledby="countdown-title">
    <h2 id="countdown-title" dir="auto">${gathering.title}</h2>
    <p class="when"><time datetime=${gathering.starts_at}>${dates.full(starts)}</time></p>
    <p class="left" role="timer">${left > 0 ? say("startsIn", { span: dates.span(left) }) : say("startsSoon")}</p>
    <p class="why">${say("opensIn", { span: dates.span(opens - chat.now) })}
      ${room.here > 1 ? say("waiting", { count: room.here - 1 }) : nothing}</p>
    ${calendar(gathering, chat, speech)}
  </section>`;
}

function following(chat: Chat, speech: Speech): TemplateResult | typeof nothing {
  const { next } = chat;
  const { say, dates } = speech;
  if (!next) return nothing;
  return html`<p class="why">${say("nextTime", { title: next.title, when: dates.full(Date.parse(next.starts_at)) })}</p>
    ${calendar(next, chat, speech)}`;
}

function calendar(gathering: GatheringShown, { church, now }: Chat, { say }: Speech): TemplateResult {
  const offer = () => offerFile(`${say("calendarFile")}.ics`, calendarFile(gathering, church, now));
  return html`<button class="secondary" @click=${offer}>${icon("calendar")}${say("calendar")}</button>`;
}

function ended(code: number, chat: Chat, speech: Speech): TemplateResult {
  const { say } = speech;
  if (code >= CLOSES.NOT_ALLOWED && code <= CLOSES.BANNED)
    return failed(code === CLOSES.BANNED ? "banned" : "notFound", chat, speech);
  return card(
    say("oldTitle"),
    say("old"),
    html`<button class="primary" @click=${() => window.location.reload()}>${say("reload")}</button>`,
  );
}

/** Say what keeps the reader out; they may ask whether that still holds. */
function failed(why: "banned" | "notFound" | "failed", chat: Chat, { say }: Speech): TemplateResult {
  return card(
    say(why === "banned" ? "bannedTitle" : "failedTitle"),
    say(why),
    html`<button class="primary" @click=${() => chat.again()}>${say("again")}</button>`,
  );
}

function card(
  title: string,
  text: string,
  action: TemplateResult | typeof nothing = nothing,
): TemplateResult {
  return html`<section class="stage"><h2>${title}</h2><p>${text}</p>${action}</section>`;
}

function skeleton({ say }: Speech): TemplateResult {
  return html`<section class="stage waiting" role="status" aria-label=${say("loading")}>${bones(7)}</section>`;
}
