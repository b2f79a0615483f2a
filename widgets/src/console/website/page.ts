/** `<narthex-snippet>`: what a webmaster pastes, which websites may show it, and how it looks there. */

import { html, nothing, type TemplateResult } from "lit";
import type { WidgetsShown } from "../../core/generated";
import type { Language } from "../../core/language";
import type { OwnTexts } from "../../core/speech";
import type { Theme } from "../../core/theme";
import { ApiError, AT } from "../api";
import { field, typed } from "../field";
import { ConsoleForm } from "../form";
import { alert, bones, notice } from "../view";
import { homeWords } from "../words/home";
import { websiteWords } from "../words/website";
import { accentHint, surfaceHint, themeIn } from "./look";
import type { TextsChanged } from "./texts";

const SCHEMES = ["auto", "light", "dark"] as const;
const DEFAULTS = { accent: "#0f6e6e", surface: "#fbf9f6" };

/** Return the snippet of a church; the slug is of letters, digits and hyphens only. */
export function snippetOf(origin: string, slug: string): string {
  return `<script src="${origin}/embed.js" data-church="${slug}" async></script>`;
}

const MOST_NAMED = 3; // of the wrong addresses

function linesOf(sites: string): string[] {
  return sites.split(/\s+/).filter(Boolean);
}

export class NarthexSnippet extends ConsoleForm {
  static override properties = {
    ...ConsoleForm.properties,
    slug: {},
    church: {},
    widgets: { state: true },
    theme: { state: true },
    typedIn: { state: true },
    texts: { state: true },
    speaks: { state: true },
  };

  declare slug: string;
  declare church: string;
  declare widgets: WidgetsShown | null;
  /** The look as it stands in the form. */
  declare theme: Theme;
  /** The colours as they are typed, whole or not. */
  declare typedIn: Pick<Theme, "accent" | "surface">;
  /** The church's own texts as they stand in the form. */
  declare texts: OwnTexts;
  /** The language whose texts are looked at. */
  declare speaks: Language;
  readonly #words = websiteWords[this.language];

  constructor() {
    super();
    this.widgets = null;
    this.theme = {};
    this.typedIn = {};
    this.texts = {};
    this.speaks = this.language;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  protected override why(error: unknown): string {
    const words = this.#words;
    const wrong = error instanceof ApiError ? error.errors : [];
    const { code = "" } = wrong[0] ?? {};
    if (code === "bad_colour") return words.badColour;
    const known = words.codes[code];
    return known ? [known, this.#named(wrong)].filter(Boolean).join(" ") : super.why(error);
  }

  /** Name the lines that are no addresses, a few of them. */
  #named(wrong: ApiError["errors"]): string {
    const lines = linesOf(this.querySelector<HTMLTextAreaElement>("#sites")?.value ?? "");
    const at = wrong.map(({ pointer }) => /^\/sites\/(\d+)$/.exec(pointer)?.[1]);
    const named = at.flatMap((place) => (place === undefined ? [] : (lines[Number(place)] ?? [])));
    return named.length ? this.#words.notThese(named.slice(0, MOST_NAMED).join(", ")) : "";
  }

  #load = (): Promise<boolean> =>
    this.attempt(async () => {
      this.widgets = await this.api.get<WidgetsShown>(AT.widgets);
      this.theme = this.typedIn = this.widgets.theme;
      this.texts = this.widgets.texts;
    });

  protected override render(): TemplateResult {
    const words = this.#words;
    const snippet = snippetOf(window.location.origin, this.slug);
    return html`
      <h1 tabindex="-1">${words.title}</h1>
      ${notice(this.done)} ${this.widgets ? alert(this.error) : nothing}
      <section class="card-like">
        <h2>${words.snippet}</h2>
        <p>${words.intro}</p>
        <pre class="snippet" tabindex="0" role="region" aria-label=${words.snippet}><code>${snippet}</code></pre>
        <p><narthex-copy .text=${snippet} .label=${words.copy}></narthex-copy></p>
        <p class="hint">${words.pinned} <code>${window.location.origin}</code></p>
        <narthex-pinned .slug=${this.slug}></narthex-pinned>
      </section>
      ${this.widgets ? this.#columns(this.widgets) : this.#missing()}
    `;
  }

  #columns(widgets: WidgetsShown): TemplateResult {
    return html`<div class="columns later website">
      <div class="stack">
        <section class="card-like">${this.#form(widgets)}</section>
        <narthex-texts class="card-like" .texts=${this.texts} ?busy=${this.busy}
          @texts-changed=${this.#wrote} @save=${this.#saveTexts}></narthex-texts>
      </div>
      <narthex-preview class="card-like" .slug=${this.slug} .theme=${this.theme} .texts=${this.texts}
        .speaks=${this.speaks}></narthex-preview>
    </div>`;
  }

  #wrote = ({ texts, speaks }: TextsChanged): void => {
    this.texts = texts;
    this.speaks = speaks;
  };

  #missing(): TemplateResult {
    return this.error
      ? html`<div class="later">${alert(this.error)}</div>
          <button @click=${this.#load}>${homeWords[this.language].again}</button>`
      : bones(this.say.loading);
  }

  #form({ sites, theme, consent }: WidgetsShown): TemplateResult {
    const words = this.#words;
    return html`<form id="website" @submit=${this.#save} @input=${this.#typing} @change=${this.#typing}>
      <h2>${words.sites}</h2>
      ${sites.length ? nothing : html`<p class="notice">${words.none}</p>`}
      <label class="hidden" for="sites">${words.sites}</label>
      <textarea id="sites" name="sites" rows="3" spellcheck="false" aria-describedby="sites-hint"
        .defaultValue=${sites.join("\n")}></textarea>
      <p class="hint" id="sites-hint">${words.sitesHint}</p>
      <h2 class="later">${words.look}</h2>
      ${this.#colour("accent", words.accent, theme.accent, accentHint(this.typedIn.accent ?? "", words))}
      ${this.#colour("surface", words.surface, theme.surface, surfaceHint(this.typedIn.surface ?? "", words))}
      <label for="scheme">${words.scheme}</label>
      <select id="scheme" name="scheme">
        ${SCHEMES.map((one) => html`<option value=${one} ?selected=${one === theme.scheme}>${words.schemes[one]}</option>`)}
      </select>
      <label for="radius">${words.radius} <output for="radius">${words.pixels(this.theme.radius ?? 6)}</output></label>
      <input id="radius" name="radius" type="range" min="0" max="16" .defaultValue=${String(theme.radius ?? 6)} />
      ${field({
        name: "font",
        label: words.font,
        value: theme.font ?? "",
        hint: words.fontHint,
        required: false,
        most: 200,
        error: this.wrong["theme/font"] && words.badFont,
      })}
      <h2 class="later">${words.consentTitle}</h2>
      ${field({
        name: "consent",
        label: words.consent,
        type: "url",
        value: consent.url ?? "",
        hint: words.consentHint,
        required: false,
        most: 500,
        error: this.wrong["consent/url"],
      })}
      <button class="primary" ?disabled=${this.busy}>${homeWords[this.language].save}</button>
    </form>`;
  }

  /** A colour, to be typed or picked. */
  #colour(name: "accent" | "surface", label: string, value = "", hint: string): TemplateResult {
    const box = field({
      name,
      label,
      value,
      hint,
      required: false,
      most: 7,
      error: this.wrong[`theme/${name}`],
    });
    return html`<div class="colour">
      <div>${box}</div>
      <input type="color" aria-label=${this.#words.pick(label)} .value=${this.theme[name] || DEFAULTS[name]}
        @input=${(event: Event) => this.#picked(name, event)} />
    </div>`;
  }

  #picked(name: string, event: Event): void {
    const box = this.querySelector<HTMLInputElement>(`#${name}`);
    if (box) box.value = (event.target as HTMLInputElement).value;
  }

  /** The preview follows what is typed; half a colour changes nothing. */
  #typing = (event: Event): void => {
    const form = event.currentTarget as HTMLFormElement;
    this.theme = themeIn(form);
    this.typedIn = { accent: typed(form, "accent").trim(), surface: typed(form, "surface").trim() };
  };

  #save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const { widgets } = this;
    if (!widgets) return;
    const [accent, surface] = [typed(form, "accent").trim(), typed(form, "surface").trim()];
    await this.#put({
      ...widgets, // what this form does not show stays as it is
      sites: linesOf(typed(form, "sites")),
      theme: { ...widgets.theme, ...themeIn(form), accent, surface },
      consent: { ...widgets.consent, url: typed(form, "consent").trim() },
    });
  };

  #saveTexts = async (): Promise<void> => {
    if (this.widgets) await this.#put({ ...this.widgets, texts: this.texts as WidgetsShown["texts"] });
  };

  #put(change: WidgetsShown): Promise<boolean> {
    return this.attempt(async () => {
      this.widgets = await this.api.send<WidgetsShown>("PUT", AT.widgets, change);
    }, this.#words.saved);
  }
}
