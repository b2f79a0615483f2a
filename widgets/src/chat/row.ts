/** One message of the stream, as a template; what is pressed is told by `data-act` to the stream around it. */

import { html, nothing, type TemplateResult } from "lit";
import { sameDay } from "../core/dates";
import type { MessageShown } from "../core/generated";
import { icon } from "../core/icons";
import type { Room } from "./room";
import type { Speech } from "./speech";
import { hue, initials, isOnlyEmoji, type Piece, pieces } from "./text";

export const QUICK = ["❤️", "🙏", "🙌", "😊", "😢", "🎉"] as const;
export const GROUP_MS = 2 * 60_000;
const QUOTE_LETTERS = 90;

export interface RowView {
  readonly room: Room;
  readonly speech: Speech;
  readonly active: string | null; // whose actions are shown
  readonly picking: boolean; // and whether they are the emoji
  readonly divider: number; // the last number read when the reader came; 0 for none
  readonly canWrite: boolean;
  readonly lit: string | null; // the message that was just jumped to
}

/** Tell whether a message takes part in the stream: what was taken down does not, nor does whom the reader hides. */
export function isShown(message: MessageShown, room: Room): boolean {
  return message.state !== "removed" && !(message.author && room.blocked.has(message.author.id));
}

/** Tell whether a message follows one of the same person, by the same name, closely enough to stand under it. */
export function follows(message: MessageShown, before: MessageShown | undefined): boolean {
  return (
    before !== undefined &&
    before.state !== "removed" &&
    message.author?.id === before.author?.id &&
    message.author?.name === before.author?.name &&
    !message.reply_to &&
    Date.parse(message.at) - Date.parse(before.at) < GROUP_MS &&
    sameDay(Date.parse(message.at), Date.parse(before.at))
  );
}

/** Draw a message, with the day in front of it when it is the first of one. */
export function row(
  message: MessageShown,
  before: MessageShown | undefined,
  view: RowView,
  now: number,
): TemplateResult {
  const at = Date.parse(message.at);
  const newDay = before === undefined ? !view.room.timeline.older : !sameDay(at, Date.parse(before.at));
  const isNew =
    view.divider > 0 && (message.number ?? 0) > view.divider && (before?.number ?? 0) <= view.divider;
  return html`
    ${newDay ? html`<div class="day"><span>${view.speech.dates.day(at, now)}</span></div>` : nothing}
    ${isNew ? html`<div class="divider" id="divider"><span>${view.speech.say("newMark")}</span></div>` : nothing}
    ${article(message, !isNew && !newDay && follows(message, before), view, at)}
  `;
}

function article(message: MessageShown, grouped: boolean, view: RowView, at: number): TemplateResult {
  const { room, speech, active, lit } = view;
  const author = message.author;
  const mine = author?.id === room.me && room.me !== null;
  const name = author?.name ?? "";
  const time = speech.dates.time(at);
  const state = ["message"];
  if (grouped) state.push("grouped");
  if (mine) state.push("mine");
  if (room.me && message.mentions?.includes(room.me)) state.push("calls");
  if (message.state === "held" || message.state === "declined") state.push("aside");
  if (active === message.id) state.push("active");
  if (lit === message.id) state.push("lit");
  return html`
    <article class=${state.join(" ")} data-id=${message.id} tabindex="-1" aria-label=${speech.say("saidAt", { name, time })}>
      ${
        grouped
          ? html`<time class="side" datetime=${message.at}>${speech.dates.clock(at)}</time>`
          : html`<span class="avatar" aria-hidden="true" .style=${`--hue:${hue(author?.id ?? "")}`}>${initials(name)}</span>`
      }
      <div class="said">
        ${grouped ? nothing : head(message, mine, view, at)}
        ${message.reply_to ? quote(message.reply_to, message, view) : nothing}
        ${words(message, view)}
        ${reactions(message, view)}
      </div>
      ${active === message.id ? tools(message, view) : nothing}
    </article>
  `;
}

function head(message: MessageShown, mine: boolean, { speech, active }: RowView, at: number): TemplateResult {
  const { name = "", mark = "", label = "" } = message.author ?? {};
  return html`<header>
    <bdi class="name" title=${name}>${name}</bdi>${mark ? html`<span class="mark">${mark}</span>` : nothing}
    ${mine ? html`<span class="you">(${speech.say("you")})</span>` : nothing}
    ${label ? html`<span class="badge">${label}</span>` : nothing}
    <time datetime=${message.at} title=${active === message.id ? speech.dates.full(at) : nothing}>${speech.dates.time(at)}</time>
  </header>`;
}

/** Inside a message only the one the reader is at takes part in tabbing; else a room would be an endless row of stops. */
function stop(message: MessageShown, { active }: RowView): "0" | "-1" {
  return active === message.id ? "0" : "-1";
}

function quote(id: string, message: MessageShown, view: RowView): TemplateResult {
  const { room, speech } = view;
  const found = room.find(id);
  const gone = found?.state === "removed" || (found?.author && room.blocked.has(found.author.id));
  const text = found?.body ?? "";
  const short = text.length > QUOTE_LETTERS ? `${text.slice(0, QUOTE_LETTERS)}…` : text;
  const label = gone
    ? speech.say("inReplyRemoved")
    : found?.author
      ? speech.say("inReply", { name: found.author.name, text: short })
      : speech.say("inReplyUnknown");
  return html`<button class="quote" data-act="jump" data-to=${id} tabindex=${stop(message, view)} aria-label=${label} ?disabled=${Boolean(gone)}>
    ${icon("reply")}<span aria-hidden="true">${
      found?.author && !gone ? html`<bdi>${found.author.name}</bdi> <span dir="auto">${short}</span>` : label
    }</span>
  </button>`;
}

function words(message: MessageShown, view: RowView): TemplateResult {
  const { room, speech } = view;
  const { body = "", state } = message;
  const note =
    state === "held" || state === "declined" ? html`<p class="note">${speech.say(state)}</p>` : nothing;
  return html`<p class=${isOnlyEmoji(body) ? "text large" : "text"} dir="auto">${pieces(body, mentioned(message, room)).map((piece) => draw(piece, room.me, stop(message, view)))}${
    message.edited_at ? html` <small class="edited">(${speech.say("edited")})</small>` : nothing
  }</p>${note}`;
}

function draw(piece: Piece, me: string | null, tabindex: string): unknown {
  if (piece.kind === "text") return piece.text;
  if (piece.kind === "mention")
    return html`<bdi class=${piece.id === me ? "mention me" : "mention"}>${piece.text}</bdi>`;
  return html`<button class="link" data-act="link" data-url=${piece.url} tabindex=${tabindex} dir="ltr">${piece.text}</button>`;
}

/** The people a message mentions by name, the longest name first, so that no name hides in another. */
function mentioned({ mentions = [] }: MessageShown, room: Room): Map<string, string> {
  const names: [string, string][] = [];
  for (const id of mentions) {
    const name = room.authors.get(id)?.name ?? room.people.get(id)?.name;
    if (name) names.push([name, id]);
  }
  return new Map(names.sort(([one], [other]) => other.length - one.length));
}

function reactions(message: MessageShown, view: RowView): TemplateResult | typeof nothing {
  const { room, speech, canWrite } = view;
  const totals = Object.entries(room.reactions.get(message.id)?.totals ?? {}).filter(
    ([, count]) => count > 0,
  );
  if (totals.length === 0) return nothing;
  const mine = room.given.get(message.id);
  return html`<div class="reactions" role="group" aria-label=${speech.say("reactions")}>${totals.map(
    ([
      emoji,
      count,
    ]) => html`<button class="reaction" data-act="react" data-emoji=${emoji} tabindex=${stop(message, view)}
      aria-pressed=${mine?.has(emoji) ? "true" : "false"} ?disabled=${!canWrite}
      aria-label=${speech.say("reactionOf", { emoji, count })}><span>${emoji}</span> ${count}</button>`,
  )}</div>`;
}

function tools(message: MessageShown, { speech, picking, canWrite }: RowView): TemplateResult {
  const { say } = speech;
  const posted = message.state !== "held" && message.state !== "declined";
  if (picking)
    return html`<div class="tools" role="group" aria-label=${say("react")}>
      ${QUICK.map((emoji) => html`<button class="emoji" data-act="react" data-emoji=${emoji} aria-label=${say("reactWith", { emoji })}>${emoji}</button>`)}
      <button data-act="unpick" aria-label=${say("cancel")}>${icon("close")}</button>
    </div>`;
  return html`<div class="tools" role="group" aria-label=${say("tools")}>
    ${
      posted && canWrite
        ? html`<button data-act="pick" aria-label=${say("react")} title=${say("react")}>${icon("react")}</button>
            <button data-act="reply" aria-label=${say("reply")} title=${say("reply")}>${icon("reply")}</button>`
        : nothing
    }
    <button data-act="more" aria-label=${say("more")} title=${say("more")} aria-haspopup="dialog">${icon("more")}</button>
  </div>`;
}
