/** `<narthex-… church="…">`: a launcher button that opens a panel, or with mode="inline" a place in the page's flow. */

import type { FromFrame } from "../core/bridge";
import { parseHex, textOn } from "../core/contrast";
import { chooseLanguage } from "../core/language";
import type { Theme } from "../core/theme";
import { type Frame, openFrame } from "./frame";
import { type Kind, kinds } from "./kinds";
import { make, press } from "./make";
import { freeRow, raised, takeRow } from "./rows";
import { floating, inline } from "./style";
import { texts } from "./texts";

const DEFAULT_ACCENT = "#0f6e6e";
const SLOW_MS = 10_000; // after this long without an answer, the panel says so and offers to try again

/** Define every element once, opening frames from `origin` (scheme, host and port of the script). */
export function defineElements(origin: string): void {
  for (const name in kinds) {
    const tag = `narthex-${name}`;
    if (!customElements.get(tag)) customElements.define(tag, element(origin, name, kinds[name] as Kind));
  }
}

function element(origin: string, name: string, kind: Kind): CustomElementConstructor {
  return class extends HTMLElement {
    #launcher: HTMLElement | undefined;
    #panel: HTMLElement | undefined;
    #frame: Frame | undefined;
    #identity = "";
    #timer: ReturnType<typeof setTimeout> | undefined;
    #seen: IntersectionObserver | undefined;
    #row = 0;

    connectedCallback(): void {
      if (!this.getAttribute("church")) {
        console.warn(`<narthex-${name}> needs church="…", the name in your Narthex address.`);
        return;
      }
      const root = this.shadowRoot ?? this.#draw();
      if (this.#launcher) this.#row = takeRow();
      root.adoptedStyleSheets = [this.#sheet()];
      const wasOpen = this.#isOpen;
      this.#drop(); // put back somewhere else we begin anew: the browser has unloaded the frame on the way
      if (wasOpen) this.#build();
      else if (!this.#launcher) this.#whenSeen();
    }

    disconnectedCallback(): void {
      clearTimeout(this.#timer);
      this.#seen?.disconnect();
      if (this.#launcher) freeRow(this.#row);
    }

    /** A short JWT by which the church's website says who its visitor is; set it whenever a new one is made. */
    set identity(token: string) {
      this.#identity = token;
      this.#frame?.send({ type: "identity", identity: token });
    }

    get #language() {
      return chooseLanguage([this.lang, document.documentElement.lang, ...navigator.languages]);
    }

    get #name(): string {
      return kind[this.#language][0];
    }

    #say(text: keyof typeof texts.en, about = kind[this.#language][1]): string {
      return texts[this.#language][text].replace("#", about);
    }

    get #accent(): string {
      return getComputedStyle(this).getPropertyValue("--narthex-accent").trim();
    }

    #draw(): ShadowRoot {
      const root = this.attachShadow({ mode: "open" });
      if ((this.getAttribute("mode") ?? kind.mode) === "inline") return root;
      root.addEventListener("keydown", (event) => {
        if ((event as KeyboardEvent).key === "Escape") this.#close();
      });
      this.#launcher = press("launcher", this.getAttribute("label") ?? this.#name, () =>
        this.#isOpen ? this.#close() : this.#open(),
      );
      root.append(this.#launcher);
      this.#expanded(false);
      return root;
    }

    /** Styles are a constructed sheet, so a strict CSP on the host page has nothing to refuse. */
    #sheet(): CSSStyleSheet {
      const sheet = new CSSStyleSheet();
      const accent = parseHex(this.#accent);
      const hex = accent ? `rgb(${accent.join(" ")})` : DEFAULT_ACCENT;
      const text = accent ? textOn(accent) : "#ffffff";
      const own = `--accent:${hex};--on-accent:${text};--row:${this.#row};--icon:path("${kind.icon}")`;
      sheet.replaceSync(`:host{${own}}${this.#launcher ? floating : inline}`);
      return sheet;
    }

    // ---- open and close

    get #isOpen(): boolean {
      return this.#panel?.hidden === false;
    }

    /** In the page's flow nothing is loaded before it comes near the view. */
    #whenSeen(): void {
      this.#seen = new IntersectionObserver((entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        this.#seen?.disconnect();
        this.#build();
      });
      this.#seen.observe(this);
    }

    #open(): void {
      if (this.#panel) {
        this.#panel.hidden = false;
        this.#frame?.element.focus();
        this.#frame?.send({ type: "shown" });
      } else this.#build().querySelector("button")?.focus();
      this.#expanded(true);
    }

    /** Hide the panel; the page in it goes on, so that it can say what is new. */
    #close(): void {
      if (!this.#isOpen || !this.#launcher) return;
      if (this.#frame?.element.matches(".shown")) (this.#panel as HTMLElement).hidden = true;
      else this.#drop();
      this.#frame?.send({ type: "hidden" });
      this.#expanded(false);
      this.#launcher.focus();
    }

    #drop(): void {
      clearTimeout(this.#timer);
      this.#panel?.remove();
      this.#panel = this.#frame = undefined;
    }

    #expanded(open: boolean): void {
      this.#launcher?.setAttribute("aria-expanded", String(open));
      this.style.zIndex = open ? raised() : "";
    }

    #build(): HTMLElement {
      const role = this.#launcher ? "dialog" : "region";
      const panel = make("div", "panel", "", { role, "aria-label": this.#name });
      const status = make("p", "status", this.#say("opening"), { role: "status" });
      this.#panel = panel;
      this.#frame = openFrame(
        new URL(`/w/${encodeURIComponent(this.getAttribute("church") ?? "")}/${name}`, origin),
        this.#name,
        () => this.#init(),
        (message) => this.#take(message),
      );
      // the frame brings a button of its own; this one is there until then
      if (this.#launcher) panel.append(press("close", this.#say("close"), () => this.#close()));
      panel.append(status, this.#frame.element);
      this.shadowRoot?.prepend(panel);
      this.#timer = setTimeout(() => this.#fail(status), SLOW_MS);
      return panel;
    }

    /** Say that it did not open, and offer to try again; tell the webmaster what to look at. */
    #fail(status: HTMLElement): void {
      console.warn(
        `Narthex: ${kind.en[1]} of ${this.getAttribute("church")} did not open here. Is ${location.origin} listed under Website in the console, and is the church's name right?`,
      );
      const again = press("again", this.#say("again"), () => {
        this.#drop();
        this.#build().querySelector("button")?.focus();
      });
      status.replaceChildren(this.#say("failed"), again);
    }

    // ---- talking with the frame

    #init() {
      const identity = this.#identity || this.getAttribute("identity");
      return {
        theme: this.#theme(),
        language: this.#language,
        closable: !!this.#launcher,
        ...(identity ? { identity } : {}),
      };
    }

    /** Our frame is light or dark as the page around it is, unless the element says otherwise. */
    #theme(): Theme {
      const ground = getComputedStyle(this.#panel as HTMLElement).backgroundColor;
      const own = Number.parseInt(ground.slice(4), 10) < 128 ? "dark" : "light";
      const scheme = (this.getAttribute("theme") ?? own) as NonNullable<Theme["scheme"]>; // the frame looks twice
      return this.#accent ? { scheme, accent: this.#accent } : { scheme };
    }

    #take(message: FromFrame): void {
      if (message.type === "ready") this.#ready();
      else if (message.type === "close") this.#close();
      else if (message.type === "unread") this.#count(message.count);
    }

    #ready(): void {
      clearTimeout(this.#timer);
      const hadFocus = this.shadowRoot?.activeElement?.matches(".close,.again");
      for (const part of this.#panel?.querySelectorAll(".status,.close") ?? []) part.remove();
      this.#frame?.element.classList.add("shown");
      if (hadFocus) this.#frame?.element.focus();
    }

    #count(unread: number): void {
      this.#launcher?.querySelector(".count")?.remove();
      if (!unread) return;
      const shown = unread > 99 ? "99+" : String(unread);
      const label = { role: "img", "aria-label": this.#say("unread", shown) };
      this.#launcher?.append(make("span", "count", shown, label));
    }
  };
}
