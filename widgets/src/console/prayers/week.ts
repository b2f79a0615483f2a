/** `<narthex-week>`: the last seven days in figures, each with a bar to see it by. */

import { html, nothing, type TemplateResult } from "lit";
import type { QueueWeek, WeekShown } from "../../core/generated";
import { AT, type Session } from "../api";
import { ConsoleForm } from "../form";
import { age, span } from "../queue/ages";
import { alert, bones } from "../view";
import type { Kind } from "../watch/cases";
import { homeWords } from "../words/home";
import { prayerWords } from "../words/prayers";
import { queueWords } from "../words/queue";

const LEADERS = ["owner", "admin", "pastor"]; // who reads the figures of the queue

export class NarthexWeek extends ConsoleForm {
  static override properties = {
    ...ConsoleForm.properties,
    session: { attribute: false },
    week: { state: true },
    queue: { state: true },
  };

  declare session: Session;
  declare week: WeekShown | null;
  declare queue: QueueWeek | null;
  readonly #words = prayerWords[this.language];

  constructor() {
    super();
    this.week = null;
    this.queue = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  #load = (): Promise<boolean> =>
    this.attempt(async () => {
      const leads = LEADERS.some((role) => this.session.person.roles.includes(role));
      [this.week, this.queue] = await Promise.all([
        this.api.get<WeekShown>(AT.prayerWeek),
        leads ? this.api.get<QueueWeek>(AT.queueWeek) : null,
      ]);
    });

  protected override render(): TemplateResult {
    if (!this.week)
      return this.error
        ? html`${alert(this.error)}<button @click=${this.#load}>${homeWords[this.language].again}</button>`
        : bones(this.say.loading);
    return html`<div class="sections">${this.#prayers(this.week)} ${this.queue ? this.#queue(this.queue) : nothing}</div>`;
  }

  #prayers(week: WeekShown): TemplateResult {
    const words = this.#words;
    const oldest = week.oldest_at ? age(week.oldest_at, this.language) : "–";
    return html`<section class="card-like figures">
      <h2>${words.week}</h2>
      ${bars(
        [
          [words.asks, week.asked],
          [words.approves, week.approved],
          [words.declines, week.declined],
          [words.answers, week.answered],
          [words.prays, week.prayed],
        ],
        this.language,
      )}
      <dl class="facts">
        <div><dt>${words.waited}</dt><dd>${span(week.waiting_seconds, this.language)}</dd></div>
        <div><dt>${words.now}</dt><dd>${week.waiting_now}</dd></div>
        <div><dt>${words.oldest}</dt><dd>${oldest}</dd></div>
      </dl>
    </section>`;
  }

  #queue({ decided, waiting_seconds, open }: QueueWeek): TemplateResult {
    const words = this.#words;
    const { kinds } = queueWords[this.language];
    const rows = Object.keys(kinds) as Kind[];
    return html`<section class="card-like figures">
      <h2>${words.decided}</h2>
      ${bars(
        rows.map((kind) => [kinds[kind], decided[kind] ?? 0]),
        this.language,
      )}
      <dl class="facts">
        ${rows
          .filter((kind) => kind in waiting_seconds)
          .map(
            (kind) =>
              html`<div><dt>${words.waitedOf(kinds[kind])}</dt><dd>${span(waiting_seconds[kind], this.language)}</dd></div>`,
          )}
        <div><dt>${words.now}</dt><dd>${open}</dd></div>
      </dl>
    </section>`;
  }
}

/** Draw numbers with bars beside them, the longest for the largest. */
export function bars(rows: readonly (readonly [string, number])[], language: string): TemplateResult {
  const most = Math.max(1, ...rows.map(([, count]) => count));
  const format = new Intl.NumberFormat(language);
  return html`<dl class="bars">${rows.map(
    ([label, count]) => html`<div><dt>${label}</dt><dd>${format.format(count)}</dd>
      <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
        <rect class="whole" width="100" height="4"></rect><rect width=${(100 * count) / most} height="4"></rect>
      </svg></div>`,
  )}</dl>`;
}
