import { render } from "lit";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Chat } from "./chat";
import { type Doing, type SheetView, sheet } from "./sheets";
import { type Speech, speak } from "./speech";

let speech: Speech;
let chat: Chat;
let place: HTMLElement;
let doing: Record<keyof Doing, ReturnType<typeof vi.fn>>;

beforeEach(async () => {
  localStorage.clear();
  sessionStorage.clear();
  speech = await speak(["en"], {});
  chat = new Chat({
    church: { slug: "grace", name: "Grace", status: "active" },
    sites: [],
    theme: {},
    texts: {},
    consent: { version: "1", url: "" },
    api: "/api/v1/grace",
    live: "ws://127.0.0.1:9/live/grace",
  });
  doing = Object.fromEntries(
    ["close", "open", "act", "joined", "tell", "sound", "language"].map((name) => [name, vi.fn()]),
  ) as typeof doing;
});

function show(): HTMLElement {
  place = document.createElement("div");
  const view = { chat, speech, doing: doing as unknown as Doing } as SheetView;
  render(sheet({ kind: "word" }, view), place);
  return place;
}
function write(body: string): void {
  const area = place.querySelector("textarea") as HTMLTextAreaElement;
  area.value = body;
  area.dispatchEvent(new Event("input"));
}
const submit = () => place.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true }));
function signIn(): void {
  const tokens = {
    access_token: "a",
    refresh_token: "r",
    expires_in: 600,
    id: "me",
    token_type: "Bearer",
  } as const;
  chat.session.adopt(tokens, "Anna");
}

describe("a word for the hosts", () => {
  it("waits for a name, and stands in the sheet again after it", () => {
    show();
    write("Thank you");
    submit();
    expect(doing.open).toHaveBeenCalledWith({ kind: "name", next: { kind: "word" } });
    expect(show().querySelector("textarea")?.value).toBe("Thank you");
  });

  it("is left under one id however often it is tried, and forgotten once it is", async () => {
    signIn();
    const leave = vi.spyOn(chat, "leaveWord").mockResolvedValueOnce("offline").mockResolvedValue(null);
    show();
    write("Thank you");
    submit();
    await vi.waitUntil(() => doing.tell.mock.calls.length === 1);
    expect(doing.tell).toHaveBeenLastCalledWith(speech.error("offline"));
    expect(show().querySelector("textarea")?.value).toBe("Thank you");
    submit();
    await vi.waitUntil(() => doing.close.mock.calls.length === 1);
    expect(doing.tell).toHaveBeenLastCalledWith(speech.say("wordLeft"));
    const [[first, body] = [], [second] = []] = leave.mock.calls;
    expect([second, body]).toEqual([first, "Thank you"]);
    expect(show().querySelector("textarea")?.value).toBe("");
  });
});

describe("the card for who is in need", () => {
  const lines = [
    { name: "988 Suicide & Crisis Lifeline", phone: "1-800-988", text: "Text 988", url: "988lifeline.org" },
    { name: "Línea *4141", phone: "*4141" },
  ];
  const draw = (shown: typeof lines) => {
    place = document.createElement("div");
    const view = { chat, speech, doing: doing as unknown as Doing } as SheetView;
    render(sheet({ kind: "care", lines: shown }, view), place);
    return place;
  };

  it("says that somebody is there, also when no helpline could be had", () => {
    expect(draw([]).querySelector('[role="alert"]')?.textContent).toContain(speech.say("careNow"));
    expect(place.querySelector("li")).toBeNull();
  });

  it("names who listens, and a tap calls them", () => {
    draw(lines);
    expect([...place.querySelectorAll("li strong")].map((one) => one.textContent)).toEqual(
      lines.map(({ name }) => name),
    );
    expect([...place.querySelectorAll("a")].map((one) => one.getAttribute("href"))).toEqual([
      "tel:1800988",
      "tel:*4141",
    ]);
    expect(place.textContent).toContain("Text 988");
  });

  it("is asked for in the reader's language, and closed by nobody but the reader", async () => {
    const asked = vi.spyOn(globalThis, "fetch").mockResolvedValue(Response.json({ helplines: lines }));
    expect(await chat.api.helplines("self_harm", "es")).toEqual(lines);
    expect(String(asked.mock.calls[0]?.[0])).toContain("/safety/helplines?kind=self_harm&language=es");
    asked.mockRejectedValue(new TypeError("offline"));
    expect(await chat.api.helplines("abuse", "en")).toEqual([]);
    asked.mockRestore();
    draw(lines);
    expect(doing.close).not.toHaveBeenCalled();
    place.querySelector<HTMLButtonElement>("button.primary")?.click();
    expect(doing.close).toHaveBeenCalledOnce();
  });
});

describe("the question for a name", () => {
  it("speaks of rules only where there are some to read", () => {
    const ask = (consentUrl: string) => {
      const where = document.createElement("div");
      render(sheet({ kind: "name" }, { chat, speech, doing, consentUrl } as unknown as SheetView), where);
      return where.querySelector(".check") as HTMLElement;
    };
    expect(ask("").textContent?.trim()).toBe(speech.say("consentPlain"));
    expect(ask("").querySelector("a")).toBeNull();
    const label = ask("https://grace.example/rules");
    expect(label.textContent).toContain(speech.say("consent"));
    expect(label.querySelector("a")?.href).toBe("https://grace.example/rules");
  });
});

describe("an address that is copied", () => {
  const URL = "https://grace.example/a";
  const press = () => {
    place = document.createElement("div");
    document.body.replaceChildren(place);
    const view = { chat, speech, doing: doing as unknown as Doing } as SheetView;
    render(sheet({ kind: "link", url: URL }, view), place);
    place.querySelector<HTMLButtonElement>("button.secondary")?.click();
  };

  it("closes the sheet once it is", async () => {
    const writeText = vi.fn().mockResolvedValue(undefined);
    vi.stubGlobal("navigator", { clipboard: { writeText } });
    press();
    await vi.waitFor(() => expect(doing.close).toHaveBeenCalledOnce());
    expect(writeText).toHaveBeenCalledExactlyOnceWith(URL);
    vi.unstubAllGlobals();
  });

  it.each([
    ["refused", { writeText: () => Promise.reject(new DOMException("no", "NotAllowedError")) }],
    ["not there", undefined],
  ])("is selected and stays when the clipboard is %s, and says so", async (_, clipboard) => {
    vi.stubGlobal("navigator", { clipboard });
    press();
    const status = () => place.querySelector("[role=status]")?.textContent;
    await vi.waitFor(() => expect(status()).toBe(speech.say("notCopied")));
    expect(doing.close).not.toHaveBeenCalled();
    expect(getSelection()?.toString()).toBe(URL);
    vi.unstubAllGlobals();
  });
});
