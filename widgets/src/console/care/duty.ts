/** The switch that says "I am here", and who else is. */

import { html, nothing, type TemplateResult } from "lit";
import { clock } from "../time";
import { alert } from "../view";
import { soundSwitch } from "../watch/chime";
import type { Duty } from "../watch/duty";
import type { CareWords } from "../words/care";
import type { QueueWords } from "../words/queue";

export function dutyPanel(
  duty: Duty,
  words: CareWords,
  language: string,
  { languages, sound }: Pick<QueueWords, "languages" | "sound">,
): TemplateResult {
  const { here = [], planned = [] } = duty.now ?? {};
  const speak = (code: string, on: boolean) => {
    const spoken = on ? [...duty.languages, code] : duty.languages.filter((one) => one !== code);
    void duty.set(duty.on, spoken);
  };
  return html`<section class="card-like duty">
    <label class="check switch"><input type="checkbox" role="switch" .checked=${duty.on}
      @change=${(event: Event) => void duty.set((event.target as HTMLInputElement).checked)} /><strong>${words.hereOn}</strong></label>
    <p class="hint">${words.hereHint}</p>
    ${soundSwitch(sound)}
    ${alert(duty.failed ? words.hereFailed : "")}
    <fieldset class="inline"><legend>${words.speak}</legend>
      ${Object.entries(languages).map(
        ([
          code,
          name,
        ]) => html`<label class="check"><input type="checkbox" .checked=${duty.languages.includes(code)}
          @change=${(event: Event) => speak(code, (event.target as HTMLInputElement).checked)} />${name}</label>`,
      )}
    </fieldset>
    <p>${
      here.length
        ? html`<span class="muted">${words.here}:</span> ${here
            .map(({ name, languages: spoken }) => `${name}${spoken.length ? ` (${spoken.join(", ")})` : ""}`)
            .join(", ")}`
        : html`<span class="reason">${words.nobodyHere}</span>`
    }</p>
    ${
      planned.length
        ? html`<p><span class="muted">${words.planned}:</span> ${planned
            .map(({ name, ends_at }) => words.plannedFor(name, clock(ends_at, language)))
            .join("; ")}</p>`
        : nothing
    }
  </section>`;
}
