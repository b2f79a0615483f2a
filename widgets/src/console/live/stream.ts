/** The lists a host works through: messages of the room, and what waits. One entry is in the tab order at a time. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { MessageShown } from "../../core/generated";
import { clock, since } from "../time";
import type { LiveWords } from "../words/live";
import type { Case } from "./queue";

interface Look {
  readonly words: LiveWords;
  readonly language: string;
  /** The id of the entry that is chosen. */
  readonly chosen: string;
  readonly choose: (id: string) => void;
}

/** Draw the messages of a room. Words of visitors are text and nothing else. */
export function messageList(messages: readonly MessageShown[], look: Look): TemplateResult {
  const reachable = messages.some(({ id }) => id === look.chosen) ? look.chosen : messages.at(-1)?.id;
  return html`<ul class="stream" role="listbox" aria-label=${look.words.messages}>
    ${repeat(
      messages,
      ({ id }) => id,
      (message) => entry(message.id, reachable === message.id, look, said(message, look)),
    )}
  </ul>`;
}

/** Draw what waits, the oldest first. */
export function caseList(cases: readonly Case[], look: Look): TemplateResult {
  const reachable = cases.some(({ id }) => id === look.chosen) ? look.chosen : cases[0]?.id;
  return html`<ul class="stream cases" role="listbox" aria-label=${look.words.cases}>
    ${repeat(
      cases,
      ({ id }) => id,
      (one) => entry(one.id, reachable === one.id, look, waits(one, look)),
    )}
  </ul>`;
}

function entry(id: string, reachable: boolean, look: Look, content: TemplateResult): TemplateResult {
  return html`<li role="option" data-id=${id} tabindex=${reachable ? 0 : -1}
    aria-selected=${look.chosen === id ? "true" : "false"}
    @click=${() => look.choose(id)} @focus=${() => look.choose(id)}>${content}</li>`;
}

function said(message: MessageShown, { words, language }: Look): TemplateResult {
  if (message.state === "removed")
    return html`<span class="gone">${gone(message, words)} · ${clock(message.at, language)}</span>`;
  return html`${byline(message, words, clock(message.at, language))}
    <span class="text" dir="auto">${message.body}</span>`;
}

/** Say who took a message away, as far as it is told. */
export function gone({ removed_by }: MessageShown, words: LiveWords): string {
  return words.gone[removed_by ?? "host"];
}

/** Draw who wrote a message and when, with the marks that it carries. */
export function byline(message: MessageShown, words: LiveWords, when: string): TemplateResult {
  const { author } = message;
  return html`<span class="byline">
    <strong dir="auto">${author?.name}${author?.mark ? html`<span class="muted">${author.mark}</span>` : nothing}</strong>
    ${author?.label ? html`<span class="badge">${author.label}</span>` : nothing}
    ${author?.kind === "guest" ? html`<span class="muted">${words.guest}</span>` : nothing}
    <span class="muted">${when}</span>
    ${message.edited_at ? html`<span class="muted">${words.edited}</span>` : nothing}
    ${message.pinned ? html`<span class="badge">${words.pinnedMark}</span>` : nothing}
  </span>`;
}

function waits(one: Case, { words, language }: Look): TemplateResult {
  const message = messageOf(one);
  return html`<span class=${`reason ${urgent(one) ? "urgent" : ""}`}>${reasonOf(one, words)}</span>
    ${byline(message, words, since(one.at, language))}
    <span class="text" dir="auto">${message.body}</span>`;
}

export function messageOf(one: Case): MessageShown {
  if (one.kind === "held") return one.held.message;
  if (one.kind === "report") return one.reports[0]?.message as MessageShown;
  const { id, room, at, body, author, name } = one.word;
  return { id, room, number: null, at, body, author: { id: author, kind: "guest", name } };
}

/** Say why something waits. */
export function reasonOf(one: Case, words: LiveWords): string {
  if (one.kind === "held") {
    const reason = one.held.shadow ? "shadow" : one.held.reason;
    return words.held(words.reasons[reason] ?? reason);
  }
  if (one.kind === "word") return words.left(one.word.title);
  const reasons = [...new Set(one.reports.map(({ reason }) => words.reasons[reason] ?? reason))];
  return words.reported(one.reports.length, reasons.join(", "));
}

/** Words of need and reports of danger come before everything else. */
export function urgent(one: Case): boolean {
  if (one.kind === "word") return one.word.need !== "";
  return one.kind === "held"
    ? one.held.reason === "crisis"
    : one.reports.some(({ reason }) => reason === "unsafe");
}
