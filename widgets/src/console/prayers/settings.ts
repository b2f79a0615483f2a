/** `<narthex-prayer-rules>`: a church's rules for prayer. */

import { html, type TemplateResult } from "lit";
import type { PrayerSettings } from "../../core/generated";
import { AT } from "../api";
import { counted, RulesForm, ticked } from "../rules";
import { prayerWords } from "../words/prayers";

export class NarthexPrayerRules extends RulesForm<PrayerSettings> {
  readonly #words = prayerWords[this.language];
  protected override readonly at = AT.prayerSettings;
  protected override readonly heading = this.#words.rules;
  protected override readonly stale = this.#words.settingsChanged;

  protected override fields(rules: PrayerSettings): TemplateResult {
    const words = this.#words;
    const { expires_days = 30, archive_days = 365, flags = 2, reports = 5, asks_a_day = 5 } = rules;
    const { unattended_minutes = 120, encouragement = true, links = true, weekly_list = true } = rules;
    return html`
      ${this.number("expires_days", words.expiresDays, expires_days, 1, 365)}
      ${this.number("archive_days", words.archiveDays, archive_days, 1, 3650)}
      ${this.number("flags", words.flagsNeeded, flags, 1, 20)}
      ${this.number("reports", words.reportsNeeded, reports, 1, 100)}
      ${this.number("asks_a_day", words.asksADay, asks_a_day, 1, 100)}
      ${this.number("unattended_minutes", words.unattended, unattended_minutes, 0, 10080)}
      ${this.check("encouragement", words.encouragement, encouragement)}
      ${this.check("links", words.links, links)}
      ${this.check("weekly_list", words.weekly, weekly_list)}
    `;
  }

  protected override filled(form: HTMLFormElement): PrayerSettings {
    return {
      expires_days: counted(form, "expires_days"),
      archive_days: counted(form, "archive_days"),
      flags: counted(form, "flags"),
      reports: counted(form, "reports"),
      encouragement: ticked(form, "encouragement"),
      asks_a_day: counted(form, "asks_a_day"),
      links: ticked(form, "links"),
      unattended_minutes: counted(form, "unattended_minutes"),
      weekly_list: ticked(form, "weekly_list"),
    };
  }
}
