/** `<narthex-pinned>`: the snippet for websites that run one version only and have the browser check it. */

import { html, nothing, type TemplateResult } from "lit";
import { alert, ConsoleElement } from "../view";
import { websiteWords } from "../words/website";

/** What `/embed.json` says of the newest loader. */
export interface Loader {
  readonly version: string;
  readonly src: string;
  readonly integrity: string;
}

/** Return a church's snippet for one version of the loader. */
export function pinnedOf(origin: string, slug: string, { src, integrity }: Loader): string {
  return `<script src="${origin}${src}" integrity="${integrity}" crossorigin="anonymous" data-church="${slug}" async></script>`;
}

export class NarthexPinned extends ConsoleElement {
  static override properties = { slug: {}, loader: { state: true }, error: { state: true } };

  declare slug: string;
  declare loader: Loader | null;
  declare error: string;
  readonly #words = websiteWords[this.language];

  constructor() {
    super();
    this.slug = "";
    this.loader = null;
    this.error = "";
  }

  protected override render(): TemplateResult {
    const words = this.#words;
    return html`<details @toggle=${this.#load}>
      <summary>${words.pin}</summary>
      <p class="hint">${words.pinHint}</p>
      ${alert(this.error)} ${this.loader ? this.#snippet(this.loader) : nothing}
    </details>`;
  }

  #snippet(loader: Loader): TemplateResult {
    const words = this.#words;
    const snippet = pinnedOf(window.location.origin, this.slug, loader);
    return html`<pre class="snippet" tabindex="0" role="region" aria-label=${words.pin}><code>${snippet}</code></pre>
      <p><narthex-copy .text=${snippet} .label=${words.copy}></narthex-copy></p>`;
  }

  /** Ask for the version when it is wanted, again each time: a server may have been updated meanwhile. */
  #load = async (): Promise<void> => {
    if (!this.querySelector("details")?.open) return;
    try {
      const answer = await fetch("/embed.json", { cache: "no-store" });
      if (!answer.ok) throw new TypeError(`status ${answer.status}`);
      this.loader = (await answer.json()) as Loader;
      this.error = "";
    } catch {
      this.error = this.say.offline;
    }
  };
}
