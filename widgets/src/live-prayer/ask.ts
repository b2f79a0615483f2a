/** What somebody is asked before anybody comes: a name, what it is about, in which language, how old. */

import { html, nothing, type TemplateResult } from "lit";
import type { Offer } from "../core/generated";
import type { Visitor } from "../core/visitor";
import type { Speech } from "./speech";
import type { Key } from "./words/en";

export interface Asking {
  readonly offer: Offer;
  readonly speech: Speech;
  readonly visitor: Visitor;
  readonly busy: boolean;
  readonly problem: string;
  readonly submit: (event: SubmitEvent) => void;
}

/** Say how long something takes, never more exactly than half a minute. */
export function span(seconds: number, { dates }: Speech): string {
  return dates.span(Math.max(30, seconds) * 1_000);
}

export function form({ offer, speech, visitor, busy, problem, submit }: Asking): TemplateResult {
  const { say, language } = speech;
  const { url } = visitor.page.consent;
  const names: Record<string, Key> = { en: "inEnglish", es: "inSpanish" };
  return html`<main class="fields"><h1>${say("title")}</h1>
      <p>${say("why", { church: visitor.page.church.name })}</p>
      <form @submit=${submit}>
        ${
          visitor.session.person
            ? nothing
            : html`<label for="nickname">${say("nickname")}</label>
              <input id="nickname" name="nickname" required maxlength="40" autocomplete="nickname" dir="auto" />
              <label class="check"><input type="checkbox" required /><span>${say(url ? "consent" : "consentPlain")}
                ${url ? html`<a href=${url} target="_blank" rel="noopener noreferrer">${say("consentLink")}</a>` : nothing}</span></label>`
        }
        <label for="topic">${say("topic")}</label>
        <textarea id="topic" name="topic" rows="3" maxlength="500" dir="auto"></textarea>
        ${
          offer.languages.length > 1
            ? html`<label for="language">${say("language")}</label>
              <select id="language" name="language">${offer.languages.map(
                (one) =>
                  html`<option value=${one} ?selected=${one === language}>${names[one] ? say(names[one]) : one}</option>`,
              )}</select>`
            : nothing
        }
        <label class="check"><input type="checkbox" name="minor" /><span>${say("minor")}</span></label>
        <p class="why">${say(`words_${offer.words}`)} ${offer.wait_seconds === null ? nothing : say("expected", { span: span(offer.wait_seconds, speech) })}</p>
        ${problem ? html`<p class="alert" role="alert">${problem}</p>` : nothing}
        <button class="primary" ?disabled=${busy}>${say(busy ? "asking" : "ask")}</button>
      </form></main>`;
}
