/** `<narthex-case>`: one message or waiting case, and everything a host may do about it, each with its key. */

import { html, nothing, type TemplateResult } from "lit";
import type { MessageShown } from "../../core/generated";
import { moment } from "../time";
import { type Choice, PersonElement } from "./person";
import type { Case } from "./queue";
import { byline, gone, reasonOf, urgent } from "./stream";

export class NarthexCase extends PersonElement {
  static override properties = {
    ...PersonElement.properties,
    message: { attribute: false },
    waiting: { attribute: false },
  };

  declare message: MessageShown;
  /** Why it waits, when it does. */
  declare waiting: Case | null;

  constructor() {
    super();
    this.waiting = null;
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    const before = changed.get("message") as MessageShown | undefined;
    if (before && before.id !== this.message.id) this.asking = "";
  }

  protected override get decides(): string {
    return this.message.id;
  }

  protected override render(): TemplateResult {
    const { message, waiting, words } = this;
    return html`
      <section aria-label=${words.acts}>
        ${waiting ? html`<p class=${`reason ${urgent(waiting) ? "urgent" : ""}`}>${reasonOf(waiting, words)}</p>` : nothing}
        ${byline(message, words, moment(message.at, this.language))}
        <p class="words" dir="auto">${message.state === "removed" ? gone(message, words) : message.body}</p>
        ${waiting?.kind === "report" ? waiting.reports.map(({ note }) => (note ? html`<p class="note" dir="auto">${note}</p>` : nothing)) : nothing}
        ${this.buttons(message.author ?? undefined)}
      </section>
    `;
  }

  protected override choices(): Choice[] {
    const { author } = this.message;
    const isPerson = author?.kind === "guest" || author?.kind === "person";
    return [...this.#decisions(), ...this.#aboutMessage(), ...(author && isPerson ? this.about(author) : [])];
  }

  #decisions(): Choice[] {
    const { acts, message, waiting, words } = this;
    const { id } = message;
    if (waiting?.kind === "held")
      return [
        { key: "a", label: words.approve, strong: true, run: this.do(() => acts.approve(message), id) },
        { key: "x", label: words.decline, danger: true, run: this.do(() => acts.decline(message), id) },
      ];
    if (waiting?.kind === "report")
      return [{ key: "a", label: words.keep, strong: true, run: this.do(() => acts.keep(message), id) }];
    if (waiting?.kind === "word")
      return [{ key: "a", label: words.read, strong: true, run: this.do(() => acts.read(message), id) }];
    return [];
  }

  #aboutMessage(): Choice[] {
    const { acts, message, waiting, words } = this;
    if (waiting?.kind === "held" || waiting?.kind === "word" || message.state === "removed") return [];
    const pinned = message.pinned === true;
    return [
      { key: "d", label: words.remove, danger: true, run: this.do(() => acts.remove(message), message.id) },
      { key: "p", label: pinned ? words.unpin : words.pin, run: this.do(() => acts.pin(message, !pinned)) },
    ];
  }
}
