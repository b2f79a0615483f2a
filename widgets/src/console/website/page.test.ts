import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { en } from "../../chat/words/en";
import { es } from "../../chat/words/es";
import { en as live } from "../../live-prayer/words/en";
import { en as prayer } from "../../prayer/words/en";
import { ELEMENTS } from "../elements";
import { Church, problem, settled, submit } from "../testing/server";
import { websiteWords } from "../words/website";
import { type NarthexSnippet, snippetOf } from "./page";
import type { NarthexPreview } from "./preview";
import type { NarthexTexts } from "./texts";

for (const [name, element] of ELEMENTS) customElements.define(name, element);

const words = websiteWords.en;
const widgets = {
  sites: ["https://www.grace.example"],
  theme: { scheme: "auto", accent: "#0f6e6e", surface: "#ffffff", radius: 6, font: "" },
  texts: { en: { title: "Hello" } },
  consent: { version: "2026-01", url: "" },
};
let church: Church;
let page: NarthexSnippet;

async function open(): Promise<void> {
  church.on("GET widgets", widgets);
  page = document.createElement("narthex-snippet") as NarthexSnippet;
  page.api = church.api;
  page.slug = "grace";
  page.church = "Grace Church";
  document.body.append(page);
  await settled();
}

/** What the simulated browser is told: frames load, and every request gets this page without any network. */
type Simulated = { happyDOM: { settings: Record<string, unknown> & { fetch: Record<string, unknown> } } };
type Request = { window: { Response: typeof Response } };

beforeEach(() => {
  const { settings } = (window as unknown as Simulated).happyDOM;
  settings.enableIframePageLoading = true;
  settings.fetch.interceptor = {
    beforeAsyncRequest: async ({ window }: Request) => new window.Response("<p>the chat</p>"),
  };
  church = new Church();
});
afterEach(() => page.remove());

describe("<narthex-snippet>", () => {
  it("shows the snippet of this church and of this installation", async () => {
    await open();
    expect(page.querySelector(".snippet")?.textContent).toBe(snippetOf(window.location.origin, "grace"));
    expect(snippetOf("https://n.example", "grace")).toBe(
      '<script src="https://n.example/embed.js" data-church="grace" async></script>',
    );
  });

  it("offers a version that the browser checks, and asks for it only when it is wanted", async () => {
    const loader = { version: "0123456789abcdef", src: "/embed/0123456789abcdef.js", integrity: "sha384-x" };
    const asked = vi.spyOn(window, "fetch").mockImplementation(async () => Response.json(loader));
    await open();
    expect(asked).not.toHaveBeenCalled();
    const details = page.querySelector("narthex-pinned details") as HTMLDetailsElement;
    details.open = true;
    details.dispatchEvent(new Event("toggle"));
    await settled();
    expect(asked.mock.calls[0]?.[0]).toBe("/embed.json");
    expect(details.querySelector(".snippet")?.textContent).toBe(
      `<script src="${window.location.origin}/embed/0123456789abcdef.js" integrity="sha384-x" ` +
        'crossorigin="anonymous" data-church="grace" async></script>',
    );
    asked.mockRestore();
  });

  it("saves sites, colour and scheme, and leaves alone what it does not show", async () => {
    church.on("PUT widgets", widgets);
    await open();
    await submit(page, {
      sites: "https://www.grace.example\n https://grace.example ",
      accent: "#ffcc00",
      scheme: "dark",
    });
    expect(church.of("PUT widgets")[0]?.body).toEqual({
      ...widgets,
      sites: ["https://www.grace.example", "https://grace.example"],
      theme: { ...widgets.theme, accent: "#ffcc00", scheme: "dark" },
    });
    expect(page.querySelector(".notice")?.textContent).toBe(words.saved);
  });

  it("shows a colour as visitors see it, with text that stays legible on it", async () => {
    await open();
    const box = page.querySelector("#accent") as HTMLInputElement;
    box.value = "#ffee00";
    box.dispatchEvent(new Event("input", { bubbles: true }));
    await settled();
    const hint = page.querySelector("#accent-hint")?.textContent;
    expect(hint).toContain(words.contrast(true, "17.5"));
    expect(hint).toContain(words.shaded(words.on.light));
    const preview = page.querySelector("narthex-preview") as NarthexPreview;
    expect(preview.theme).toEqual({ ...widgets.theme, accent: "#ffee00" });
    box.value = "#ffe";
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.value = "#ff";
    box.dispatchEvent(new Event("input", { bubbles: true }));
    await settled();
    expect(preview.theme.accent).toBe("");
    expect(page.querySelector("#accent-hint")?.textContent).toBe(words.badColour);
  });

  it("saves surface, roundness and font, and says where a surface is of no use", async () => {
    church.on("PUT widgets", widgets);
    await open();
    const box = page.querySelector("#surface") as HTMLInputElement;
    box.value = "#fff8e1";
    box.dispatchEvent(new Event("input", { bubbles: true }));
    await settled();
    expect(page.querySelector("#surface-hint")?.textContent).toBe(words.surfaceRefused(words.on.dark));
    await submit(page, { radius: "12", font: "Georgia, serif" });
    expect(church.of("PUT widgets")[0]?.body).toMatchObject({
      theme: { ...widgets.theme, surface: "#fff8e1", radius: 12, font: "Georgia, serif" },
    });
  });

  it("greets the preview as the loader would, with look, texts and language", async () => {
    await open();
    const frame = page.querySelector("iframe") as HTMLIFrameElement;
    const told: unknown[] = [];
    const post = (message: unknown, origin: string) => told.push([message, origin]);
    Object.defineProperty(frame, "contentWindow", { value: { postMessage: post } });
    frame.dispatchEvent(new Event("load"));
    expect(frame.getAttribute("src")).toBe("/w/grace/chat");
    expect(told[0]).toEqual([
      { narthex: "init", version: 1, theme: widgets.theme, texts: widgets.texts, language: "en" },
      window.location.origin,
    ]);
  });

  describe("the texts of the chat", () => {
    const texts = () => page.querySelector("narthex-texts") as NarthexTexts;
    const box = (key: string) => page.querySelector(`#text-${key}`) as HTMLInputElement;

    async function write(key: string, text: string): Promise<void> {
      box(key).value = text;
      box(key).dispatchEvent(new Event("input"));
      await settled();
    }

    async function find(text: string): Promise<void> {
      const search = page.querySelector("#find-text") as HTMLInputElement;
      search.value = text;
      search.dispatchEvent(new Event("input"));
      await settled();
    }

    it("are all there, ours as placeholder, and the church's own in their boxes", async () => {
      await open();
      expect(page.querySelectorAll(".texts li")).toHaveLength(Object.keys(en).length);
      expect(box("title").value).toBe("Hello");
      expect(box("empty").placeholder).toBe(en.empty);
    });

    it("are found by ours and by one's own", async () => {
      await open();
      await find("say hello");
      expect([...page.querySelectorAll(".texts label")].map((one) => one.textContent)).toEqual([en.empty]);
      await find("xyzzy");
      expect(page.querySelector("narthex-texts .empty")?.textContent).toBe(words.noTexts);
    });

    it("are saved by language without the rest, and shown in the preview before", async () => {
      church.on("PUT widgets", (asked) => asked.body as object);
      await open();
      await write("empty", "Be the first!");
      expect((page.querySelector("narthex-preview") as NarthexPreview).texts).toEqual({
        en: { title: "Hello", empty: "Be the first!" },
      });
      const speaks = page.querySelector("#speaks") as HTMLSelectElement;
      speaks.value = "es";
      speaks.dispatchEvent(new Event("change"));
      await vi.waitFor(() => expect(box("empty")?.placeholder).toBe(es.empty), 4_000);
      await write("empty", "¡Empieza tú!");
      texts().dispatchEvent(new Event("save"));
      await settled();
      expect(church.of("PUT widgets")[0]?.body).toEqual({
        ...widgets,
        texts: { en: { title: "Hello", empty: "Be the first!" }, es: { empty: "¡Empieza tú!" } },
      });
    });

    it("of the prayer wall and of one-to-one prayer are there too, under keys of their own", async () => {
      await open();
      const place = page.querySelector("#text-place") as HTMLSelectElement;
      const move = (where: string) => {
        place.value = where;
        place.dispatchEvent(new Event("change"));
      };
      move("prayer");
      await vi.waitFor(() => expect(box("prayer_formTitle")?.placeholder).toBe(prayer.formTitle), 4_000);
      await write("prayer_formTitle", "Bring it here");
      move("live");
      await vi.waitFor(() => expect(box("live_title")?.placeholder).toBe(live.title), 4_000);
      expect(box("title")).toBeNull();
      await write("live_title", "Sit with me");
      expect(texts().texts).toEqual({
        en: { title: "Hello", prayer_formTitle: "Bring it here", live_title: "Sit with me" },
      });
    });

    it("go back to ours one by one", async () => {
      await open();
      page.querySelector<HTMLButtonElement>(`[aria-label="${words.reset}: ${en.title}"]`)?.click();
      await settled();
      expect(texts().texts).toEqual({});
      expect(box("title").value).toBe("");
      expect(document.activeElement).toBe(box("title"));
    });
  });

  it("says how to write a website, and keeps what was typed", async () => {
    church.on(
      "PUT widgets",
      problem(400, "bad_sites", { errors: [{ pointer: "/sites/0", code: "bad_site", detail: "" }] }),
    );
    await open();
    await submit(page, { sites: "grace\nhttps://hope.example" });
    expect(page.querySelector('[role="alert"]')?.textContent).toBe(
      `${words.codes.bad_site} ${words.notThese("grace")}`,
    );
    expect(page.querySelector<HTMLTextAreaElement>("#sites")?.value).toBe("grace\nhttps://hope.example");
  });
});
