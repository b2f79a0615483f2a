import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Init } from "../core/bridge";
import { defineElements } from "./element";

defineElements("https://narthex.example");

let host: HTMLElement;

function place(attributes: Record<string, string>, tag = "narthex-chat"): void {
  host = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) host.setAttribute(name, value);
  document.body.append(host);
}

const inside = <T extends Element>(selector: string) => host.shadowRoot?.querySelector<T>(selector) ?? null;
const launcher = () => inside<HTMLButtonElement>(".launcher");

/** Return the row in which a launcher stands, 0 the lowest. */
function row(one: HTMLElement): number {
  const own = one.shadowRoot?.adoptedStyleSheets[0]?.cssRules[0]?.cssText ?? "";
  return Number(/--row: ?(\d+)/.exec(own)?.[1]);
}

/** Wait until the frame has loaded and catch what it is greeted with. */
async function greeting(): Promise<{ init: Init; origin: string; port: MessagePort }> {
  const target = inside<HTMLIFrameElement>("iframe")?.contentWindow as Window;
  const sent = vi.spyOn(target, "postMessage").mockImplementation(() => {});
  await vi.waitUntil(() => sent.mock.calls.length > 0);
  const [init, origin, ports] = sent.mock.calls[0] as unknown as [Init, string, [MessagePort]];
  return { init, origin, port: ports[0] };
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
});
afterEach(() => {
  host.remove();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("<narthex-chat>", () => {
  it("draws a launcher and loads nothing before the first click", () => {
    place({ church: "grace" });
    expect(launcher()?.textContent).toBe("Chat");
    expect(launcher()?.getAttribute("aria-expanded")).toBe("false");
    expect(inside("iframe")).toBeNull();
  });

  it("opens the church's page from our own origin, told which site it stands in", () => {
    place({ church: "grace & peace" });
    launcher()?.click();
    const frame = inside<HTMLIFrameElement>("iframe");
    expect(frame?.getAttribute("src")).toBe("https://narthex.example/w/grace%20%26%20peace/chat");
    expect(frame?.referrerPolicy).toBe("origin");
    expect(frame?.title).toBe("Chat");
    expect(launcher()?.getAttribute("aria-expanded")).toBe("true");
  });

  it("greets the page that has loaded, on exactly our origin, and shows it when it answers", async () => {
    place({ church: "grace", theme: "dark" });
    launcher()?.click();
    const { init, origin, port } = await greeting();
    expect(origin).toBe("https://narthex.example");
    expect(init).toMatchObject({
      narthex: "init",
      version: 1,
      theme: { scheme: "dark" },
      language: "en",
      closable: true,
    });
    expect(inside(".frame.shown")).toBeNull();
    port.postMessage({ type: "ready" });
    await vi.waitUntil(() => inside(".frame.shown"));
    expect(inside('[role="status"]')).toBeNull();
    expect(inside(".close")).toBeNull();
  });

  it("hands the site's word for its visitor over, now and when it changes", async () => {
    place({ church: "grace" });
    (host as HTMLElement & { identity: string }).identity = "jwt-1";
    launcher()?.click();
    const { init, port } = await greeting();
    expect(init.identity).toBe("jwt-1");
    const told = new Promise((resolve) => {
      port.onmessage = (event: MessageEvent) => resolve(event.data);
    });
    (host as HTMLElement & { identity: string }).identity = "jwt-2";
    expect(await told).toEqual({ type: "identity", identity: "jwt-2" });
  });

  it("hides a page that was shown instead of losing it, and counts what is new meanwhile", async () => {
    place({ church: "grace" });
    launcher()?.click();
    const { port } = await greeting();
    port.postMessage({ type: "ready" });
    await vi.waitUntil(() => inside(".frame.shown"));
    const frame = inside("iframe");
    port.postMessage({ type: "close" });
    await vi.waitUntil(() => inside<HTMLElement>(".panel")?.hidden);
    port.postMessage({ type: "unread", count: 120, mentions: 0 });
    await vi.waitUntil(() => inside(".count"));
    expect(inside(".count")?.textContent).toBe("99+");
    expect(inside(".count")?.getAttribute("aria-label")).toBe("99+ unread");
    launcher()?.click();
    expect(inside("iframe")).toBe(frame);
    expect(inside<HTMLElement>(".panel")?.hidden).toBe(false);
  });

  it("stands above the launcher of another church on the same page", () => {
    place({ church: "grace" });
    const first = host;
    place({ church: "hope" });
    expect([row(first), row(host)]).toEqual([0, 1]);
    first.remove();
  });

  it("gives its row back, so that launchers do not climb on a website that changes its pages itself", () => {
    for (let page = 0; page < 3; page++) {
      place({ church: "grace" });
      expect(row(host)).toBe(0);
      host.remove();
    }
    place({ church: "grace" });
    const first = host;
    place({ church: "grace" }, "narthex-live-prayer");
    expect(row(host)).toBe(1);
    first.remove();
    document.body.append(first);
    expect(row(first)).toBe(0);
    first.remove();
  });

  it("begins anew where it is put back, so that a page that does not load says so there too", () => {
    vi.useFakeTimers();
    vi.spyOn(console, "warn").mockImplementation(() => {});
    place({ church: "grace" });
    launcher()?.click();
    const before = inside("iframe");
    const elsewhere = document.createElement("main");
    document.body.append(elsewhere);
    elsewhere.append(host);
    expect(inside("iframe")).not.toBe(before);
    expect(host.shadowRoot?.querySelectorAll("iframe")).toHaveLength(1);
    vi.advanceTimersByTime(10_000);
    expect(inside('[role="status"]')?.textContent).toContain("Could not open the chat just now.");
    elsewhere.remove();
  });

  it("loads nothing in the page's flow before it comes near the view", () => {
    let seen: (entries: { isIntersecting: boolean }[]) => void = () => {};
    vi.stubGlobal(
      "IntersectionObserver",
      class {
        constructor(callback: typeof seen) {
          seen = callback;
        }
        observe(): void {}
        disconnect(): void {}
      },
    );
    place({ church: "grace", mode: "inline" });
    seen([{ isIntersecting: false }]);
    expect(inside("iframe")).toBeNull();
    seen([{ isIntersecting: true }]);
    expect(inside("iframe")).not.toBeNull();
    expect(launcher()).toBeNull();
    vi.unstubAllGlobals();
  });

  it("closes on Escape and gives the focus back to the launcher", () => {
    place({ church: "grace" });
    launcher()?.click();
    host.shadowRoot?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
    expect(inside("iframe")).toBeNull();
    expect(host.shadowRoot?.activeElement).toBe(launcher());
  });

  it("keeps nothing in the reader's browser", () => {
    place({ church: "grace" });
    launcher()?.click();
    expect([localStorage.length, sessionStorage.length, document.cookie]).toEqual([0, 0, ""]);
  });

  it("styles itself by a constructed sheet alone, so a strict CSP refuses nothing", () => {
    place({ church: "grace" });
    launcher()?.click();
    expect(host.shadowRoot?.adoptedStyleSheets).toHaveLength(1);
    expect(inside("style, link, [style]")).toBeNull();
  });

  it("says that the chat did not open, and offers to try again", () => {
    vi.useFakeTimers();
    vi.spyOn(console, "warn").mockImplementation(() => {});
    place({ church: "grace", lang: "es" });
    launcher()?.click();
    vi.advanceTimersByTime(10_000);
    expect(inside('[role="status"]')?.textContent).toContain("No se pudo abrir el chat en este momento.");
    inside<HTMLButtonElement>(".again")?.click();
    expect(inside('[role="status"]')?.textContent).toBe("Abriendo el chat…");
  });

  it("tells the webmaster once what to look at when the page did not answer", () => {
    vi.useFakeTimers();
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    place({ church: "graec", lang: "es" });
    launcher()?.click();
    vi.advanceTimersByTime(9_999);
    expect(warned).not.toHaveBeenCalled();
    vi.advanceTimersByTime(20_000);
    expect(warned.mock.calls).toEqual([
      [
        `Narthex: the chat of graec did not open here. Is ${location.origin} listed under Website in the console, ` +
          "and is the church's name right?",
      ],
    ]);
  });

  it("tells the webmaster nothing when the page has answered", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    place({ church: "grace" });
    launcher()?.click();
    const { port } = await greeting();
    port.postMessage({ type: "ready" });
    await vi.waitUntil(() => inside(".frame.shown"));
    vi.advanceTimersByTime(20_000);
    expect(warned).not.toHaveBeenCalled();
  });

  it("draws nothing and says why when it is not told which church", () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    place({});
    expect(host.shadowRoot).toBeNull();
    expect(warned.mock.calls[0]?.[0]).toContain("church=");
  });
});

describe.each([
  ["narthex-chat", "chat", "Chat", "el chat"],
  ["narthex-prayer-wall", "prayer-wall", "Muro de oración", "el muro de oración"],
  ["narthex-prayer-request", "prayer-request", "Pedir oración", "el formulario de oración"],
  ["narthex-live-prayer", "live-prayer", "Orar con alguien", "la sala de oración"],
])("<%s>", (tag, view, name, noun) => {
  it("opens its own page from a launcher with its own name", () => {
    place({ church: "grace", mode: "launcher", lang: "es" }, tag);
    expect(launcher()?.textContent).toBe(name);
    launcher()?.click();
    expect(inside("iframe")?.getAttribute("src")).toBe(`https://narthex.example/w/grace/${view}`);
    expect(inside('[role="dialog"]')?.getAttribute("aria-label")).toBe(name);
    expect(inside('[role="status"]')?.textContent).toBe(`Abriendo ${noun}…`);
  });
});

it("shows a prayer wall in the page's flow unless told otherwise", () => {
  place({ church: "grace" }, "narthex-prayer-wall");
  expect(launcher()).toBeNull();
});
