/** One request as it stands on a wall: its words large, its name small, one big tap, and what was added below. */

import { html, nothing, type TemplateResult } from "lit";
import type { RequestShown } from "../core/generated";
import { icon } from "../core/icons";
import type { Speech } from "./speech";

const FIRST_WORDS = 60; // of a request, in the name of its button

export interface Card {
  readonly request: RequestShown;
  readonly prayed: number;
  readonly mine: boolean;
  readonly speech: Speech;
  readonly pray: () => void;
  readonly more?: () => void;
}

/** Say when something was put up: a day, never more. */
export function day(on: string, speech: Speech): string {
  return speech.dates.day(new Date(`${on}T12:00`).getTime(), Date.now());
}

export function card({ request, prayed, mine, speech, pray, more }: Card): TemplateResult {
  const { say } = speech;
  const { id, body = "", name, on, state, urgent, for_whom, language, testimony, replies = [] } = request;
  return html`<article class="card" aria-labelledby=${`words-${id}`} ?data-urgent=${urgent}>
    ${urgent ? html`<p class="tag urgent">${say("urgent")}</p>` : nothing}
    ${state === "answered" ? html`<p class="tag answered">${icon("heart")}${say("answered")}</p>` : nothing}
    <p class="words" id=${`words-${id}`} dir="auto" lang=${language || nothing}>${body}</p>
    ${testimony ? html`<blockquote class="testimony" dir="auto" lang=${language || nothing}>${testimony}</blockquote>` : nothing}
    <p class="who"><bdi>${name || say("somebody")}</bdi>${
      for_whom === "other" ? html`, ${say("forOther")}` : nothing
    }${on ? html` · <time datetime=${on}>${day(on, speech)}</time>` : nothing}</p>
    ${
      replies.length === 0
        ? nothing
        : html`<ul class="replies">${replies.map(
            (reply) => html`<li><span dir="auto">${reply.body}</span>
              <small>${reply.kind === "encouragement" ? html`<bdi>${reply.name || say("somebody")}</bdi>` : say("anUpdate")}</small></li>`,
          )}</ul>`
    }
    <div class="acts">
      <button class="pray" aria-pressed=${mine} @click=${pray}
        aria-label=${say(mine ? "prayedFor" : "prayFor", { words: body.slice(0, FIRST_WORDS) })}>${icon("heart")}${say(mine ? "prayed" : "pray")}</button>
      <span class="count" role="status">${prayed > 0 ? say("prayedCount", { count: prayed }) : nothing}</span>
      ${more ? html`<button class="round" aria-label=${say("more")} @click=${more}>${icon("more")}</button>` : nothing}
    </div>
  </article>`;
}
