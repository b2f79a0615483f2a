/** `<narthex-care-rules>`: a church's rules for one-to-one prayer. */

import { html, type TemplateResult } from "lit";
import type { CareSettings } from "../../core/generated";
import { AT } from "../api";
import { field, typed } from "../field";
import { counted, RulesForm, ticked } from "../rules";
import { careWords } from "../words/care";

export class NarthexCareRules extends RulesForm<CareSettings> {
  readonly #words = careWords[this.language];
  protected override readonly at = AT.careSettings;
  protected override readonly heading = this.#words.rules;
  protected override readonly stale = this.#words.settingsChanged;

  protected override fields(rules: CareSettings): TemplateResult {
    const words = this.#words;
    const { open = true, words: after = "erase", keep_days = 30, two_adults = "minors" } = rules;
    const { minors = "allow", patience_seconds = 300, promise = "" } = rules;
    return html`
      ${this.check("open", words.offered, open)}
      ${this.choice("words", words.wordsAfter, words.wordsAfters, after)}
      ${this.number("keep_days", words.keepDays, keep_days, 1, 3650)}
      ${this.choice("two_adults", words.twoAdults, words.twoAdultsWhen, two_adults)}
      ${this.choice("minors", words.minors, words.minorsMay, minors)}
      ${this.number("patience_seconds", words.patience, patience_seconds, 30, 3600)}
      ${field({ name: "promise", label: words.promise, most: 300, required: false, value: promise, error: this.wrong.promise })}
    `;
  }

  protected override filled(form: HTMLFormElement): CareSettings {
    return {
      open: ticked(form, "open"),
      words: typed(form, "words") as NonNullable<CareSettings["words"]>,
      keep_days: counted(form, "keep_days"),
      two_adults: typed(form, "two_adults") as NonNullable<CareSettings["two_adults"]>,
      minors: typed(form, "minors") as NonNullable<CareSettings["minors"]>,
      patience_seconds: counted(form, "patience_seconds"),
      promise: typed(form, "promise"),
    };
  }
}
