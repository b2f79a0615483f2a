/** What opens above the chat and closes again: each sheet is a dialog with one question and its answers. */

import { html, nothing, type TemplateResult } from "lit";
import { copy } from "../core/clipboard";
import type { MessageShown } from "../core/generated";
import { callable, type Helpline } from "../core/helplines";
import { type IconName, icon } from "../core/icons";
import { LANGUAGES } from "../core/language";
import { uuid } from "../core/uuid";
import type { Chat } from "./chat";
import { QUICK } from "./row";
import type { Speech } from "./speech";
import type { Key } from "./words/en";

export type Sheet =
  | { readonly kind: "name"; readonly next?: Sheet }
  | { readonly kind: "word" }
  | { readonly kind: "care"; readonly lines: readonly Helpline[] }
  | { readonly kind: "people" }
  | { readonly kind: "settings" }
  | { readonly kind: "message"; readonly message: MessageShown }
  | { readonly kind: "remove"; readonly message: MessageShown }
  | { readonly kind: "report"; readonly message: MessageShown }
  | { readonly kind: "link"; readonly url: string };

/** What a sheet can ask its app to do. */
export interface Doing {
  close(): void;
  open(sheet: Sheet): void;
  act(act: string, message: MessageShown, detail?: string): void;
  joined(name: string): void;
  tell(sentence: string): void;
  sound(on: boolean): void;
  language(language: string): void;
}

export interface SheetView {
  readonly chat: Chat;
  readonly speech: Speech;
  readonly consentUrl: string;
  readonly sound: boolean;
  readonly canWrite: boolean;
  readonly busy: boolean;
  readonly editable: (message: MessageShown) => boolean;
  readonly doing: Doing;
}

const REASONS = ["unkind", "spam", "unsafe", "private", "other"] as const;
const OWN_NAMES: Record<string, string> = { en: "English", es: "Español" };

export function sheet(open: Sheet, view: SheetView): TemplateResult {
  switch (open.kind) {
    case "name":
      return name(view);
    case "word":
      return word(view);
    case "care":
      return care(open.lines, view);
    case "people":
      return people(view);
    case "settings":
      return settings(view);
    case "message":
      return message(open.message, view);
    case "remove":
      return remove(open.message, view);
    case "report":
      return report(open.message, view);
    case "link":
      return link(open.url, view);
  }
}

function head(title: string, { speech, doing }: SheetView): TemplateResult {
  return html`<header class="sheet-head"><h2 id="sheet-title">${title}</h2>
    <button type="button" class="bare" aria-label=${speech.say("back")} @click=${doing.close}>${icon("close")}</button></header>`;
}

function name(view: SheetView): TemplateResult {
  const { chat, speech, doing } = view;
  const { say } = speech;
  const known = chat.session.person;
  const code = chat.naming?.code;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    doing.joined(String(new FormData(event.target as HTMLFormElement).get("nickname") ?? "").trim());
  };
  return html`${head(known ? say("changeName") : say("nameTitle"), view)}
    <form @submit=${submit}>
      <p class="why">${say("nameWhy")}</p>
      <label for="nickname">${say("name")}</label>
      <input id="nickname" name="nickname" required maxlength="40" autocomplete="nickname" data-first dir="auto"
        .value=${known?.name ?? ""} aria-invalid=${code ? "true" : nothing} aria-describedby=${code ? "name-error" : nothing} />
      ${code ? html`<p class="alert" id="name-error" role="alert">${speech.error(code)}</p>` : nothing}
      ${
        known
          ? nothing
          : html`<label class="check"><input type="checkbox" name="consent" required /><span>${say(view.consentUrl ? "consent" : "consentPlain")}
              ${view.consentUrl ? html`<a href=${view.consentUrl} target="_blank" rel="noopener noreferrer">${say("consentLink")}</a>` : nothing}</span></label>`
      }
      <button class="primary" ?disabled=${view.busy}>${known ? say("keepName") : say("join")}</button>
      ${known ? nothing : member(view)}
    </form>`;
}

interface Left {
  readonly id: string;
  readonly body: string;
}

/** A word for the hosts while the room is not open: kept while it is typed, and left by somebody with a name. */
function word(view: SheetView): TemplateResult {
  const { chat, speech, doing } = view;
  const { say } = speech;
  const { id, body } = chat.memory.read<Left>("word") ?? { id: uuid(), body: "" };
  const keep = (event: Event) =>
    chat.memory.write("word", { id, body: (event.target as HTMLTextAreaElement).value });
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const typed = chat.memory.read<Left>("word");
    if (!typed) return;
    if (!chat.session.person) {
      doing.open({ kind: "name", next: { kind: "word" } });
      return;
    }
    const code = await chat.leaveWord(typed.id, typed.body);
    if (code) {
      doing.tell(speech.error(code));
      return;
    }
    chat.memory.write("word", null);
    doing.close();
    doing.tell(say("wordLeft"));
  };
  return html`${head(say("word"), view)}
    <form @submit=${submit}>
      <label class="why" for="word">${say("wordWhy")}</label>
      <textarea id="word" required maxlength="500" rows="4" dir="auto" data-first .value=${body} @input=${keep}></textarea>
      <button class="primary">${say("wordSend")}</button>
    </form>`;
}

/** For somebody whose words sound like great need: kind, plain, and never in the way of what they wrote. */
function care(lines: readonly Helpline[], view: SheetView): TemplateResult {
  const { speech, doing } = view;
  const { say } = speech;
  return html`${head(say("careTitle"), view)}
    <div role="alert"><p>${say("careText")}</p><p><strong>${say("careNow")}</strong></p></div>
    <div class="care">${callable(lines)}</div>
    <button class="primary" data-first @click=${doing.close}>${say("careClose")}</button>`;
}

function people(view: SheetView): TemplateResult {
  const { chat, speech } = view;
  const { say } = speech;
  const named = [...chat.room.people.values()].filter((person) => person.name);
  const others = chat.room.here - named.length;
  const collator = new Intl.Collator(speech.language);
  named.sort((one, other) => collator.compare(one.name, other.name));
  return html`${head(say("peopleTitle"), view)}
    <p class="why">${say("peopleCount", { count: chat.room.here })}</p>
    ${
      named.length === 0
        ? html`<p>${chat.session.person ? nothing : say("peopleHidden")}</p>`
        : html`<ul class="people">${named.map(
            ({ id, name: called, mark }) =>
              html`<li><bdi>${called}</bdi>${mark ? html` <span class="mark">${mark}</span>` : nothing}${
                id === chat.room.me ? html` <span class="you">(${say("you")})</span>` : nothing
              }</li>`,
          )}</ul>${others > 0 ? html`<p class="why">${say("peopleOthers", { count: others })}</p>` : nothing}`
    }
    ${hidden(view)}`;
}

function hidden({ chat, speech }: SheetView): TemplateResult | typeof nothing {
  if (chat.room.blocked.size === 0) return nothing;
  return html`<ul class="hidden-people">${[...chat.room.blocked].map((id) => {
    const called = chat.room.authors.get(id)?.name ?? "…";
    return html`<li><button class="row" @click=${() => void chat.block(id, false)}>${icon("hide")}${speech.say("unhide", { name: called })}</button></li>`;
  })}</ul>`;
}

function settings(view: SheetView): TemplateResult {
  const { chat, speech, doing, sound } = view;
  const { say } = speech;
  const me = chat.session.person;
  return html`${head(say("settings"), view)}
    <label class="check"><input type="checkbox" .checked=${sound}
      @change=${(event: Event) => doing.sound((event.target as HTMLInputElement).checked)} />
      <span>${say("sound")}<small>${say("soundHint")}</small></span></label>
    <label for="language">${say("language")}</label>
    <select id="language" @change=${(event: Event) => doing.language((event.target as HTMLSelectElement).value)}>${LANGUAGES.map(
      (language) =>
        html`<option value=${language} lang=${language} ?selected=${language === speech.language}>${OWN_NAMES[language] ?? language}</option>`,
    )}</select>
    ${
      me
        ? html`<p class="why">${say("signedInAs", { name: me.name })}</p>
            ${me.member ? nothing : html`<button class="row" @click=${() => doing.open({ kind: "name" })}>${icon("edit")}${say("changeName")}</button>${member(view)}`}
            <button class="row" @click=${() => void chat.signOut().then(doing.close)}>${icon("remove")}${say("signOut")}</button>`
        : member(view)
    }
    ${hidden(view)}`;
}

function member({ speech }: SheetView): TemplateResult {
  return html`<a class="row" href=${`sign-in?language=${speech.language}`} target="_blank" rel="opener">${icon("person")}${speech.say("member")}</a>`;
}

function message(about: MessageShown, view: SheetView): TemplateResult {
  const { chat, speech, doing, canWrite } = view;
  const { say } = speech;
  const author = about.author;
  const mine = author?.id === chat.room.me && chat.room.me !== null;
  const posted = about.number !== null;
  const entry = (act: string, shown: IconName, key: Key, values = {}) =>
    html`<button class="row" @click=${() => doing.act(act, about)}>${icon(shown)}${say(key, values)}</button>`;
  return html`${head(say("tools"), view)}
    <blockquote dir="auto">${about.body}</blockquote>
    ${
      posted && canWrite
        ? html`<div class="quick" role="group" aria-label=${say("react")}>${QUICK.map(
            (emoji) => html`<button class="emoji" aria-label=${say("reactWith", { emoji })}
              @click=${() => doing.act("react", about, emoji)}>${emoji}</button>`,
          )}</div>${entry("reply", "reply", "reply")}`
        : nothing
    }
    ${mine && view.editable(about) ? entry("edit", "edit", "edit") : nothing}
    ${entry("copy", "copy", "copy")}
    ${mine ? entry("remove", "remove", "remove") : nothing}
    ${!mine && chat.session.person && author ? html`${entry("report", "flag", "report")}${entry("hide", "hide", "hide", { name: author.name })}` : nothing}`;
}

function remove(about: MessageShown, view: SheetView): TemplateResult {
  const { speech, doing } = view;
  return html`${head(speech.say("removeTitle"), view)}
    <blockquote dir="auto">${about.body}</blockquote>
    <p class="why">${speech.say("removeWhy")}</p>
    <button class="danger" data-first @click=${() => doing.act("really-remove", about)}>${speech.say("remove")}</button>
    <button class="secondary" @click=${doing.close}>${speech.say("cancel")}</button>`;
}

function report(about: MessageShown, view: SheetView): TemplateResult {
  const { chat, speech, doing } = view;
  const { say } = speech;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.target as HTMLFormElement);
    const code = await chat.report(about.id, String(given.get("reason")), String(given.get("note") ?? ""));
    doing.close();
    doing.tell(code ? speech.error(code) : say("reported"));
  };
  return html`${head(say("reportTitle"), view)}
    <form @submit=${submit}>
      <p class="why">${say("reportWhy")}</p>
      <blockquote dir="auto">${about.body}</blockquote>
      <fieldset><legend class="unseen">${say("reportTitle")}</legend>${REASONS.map(
        (reason, i) =>
          html`<label class="check"><input type="radio" name="reason" value=${reason} required ?data-first=${i === 0} /><span>${say(reason)}</span></label>`,
      )}</fieldset>
      <label for="note">${say("note")}</label>
      <textarea id="note" name="note" maxlength="500" rows="2" dir="auto"></textarea>
      <button class="primary">${say("reportSend")}</button>
    </form>`;
}

function link(url: string, view: SheetView): TemplateResult {
  const { speech, doing } = view;
  const { host } = new URL(url);
  const take = async (event: Event) => {
    const place = (event.currentTarget as HTMLElement).parentElement;
    const copied = await copy(url, place?.querySelector(".address"));
    const status = place?.querySelector("[role=status]");
    if (copied) doing.close();
    else if (status) status.textContent = speech.say("notCopied"); // the address stays, to be copied by hand
  };
  return html`${head(speech.say("linkTitle"), view)}
    <p class="why">${speech.say("linkWhy")}</p>
    <p class="address" dir="ltr">${url}</p>
    <p class="why" role="status"></p>
    <a class="primary" href=${url} target="_blank" rel="noopener noreferrer nofollow ugc" referrerpolicy="no-referrer" data-first
      @click=${doing.close}>${icon("open")}${speech.say("linkOpen", { host })}</a>
    <button class="secondary" @click=${take}>${speech.say("linkCopy")}</button>`;
}
