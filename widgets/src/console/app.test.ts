import { afterEach, describe, expect, it, vi } from "vitest";
import { churchOf, type NarthexConsole } from "./app";
import { ELEMENTS } from "./elements";
import { messages } from "./messages";
import { homeWords } from "./words/home";

for (const [name, element] of ELEMENTS) customElements.define(name, element);

const say = messages.en;
const session = {
  person: { id: "p1", name: "Ruth", roles: ["member", "baker"] },
  church: { slug: "grace", name: "Grace Church" },
  csrf: "t",
};
let shown: NarthexConsole;

/** Open the console against a server that gives these answers in order. */
async function open(church: string, secure: boolean, ...answers: (Response | Error)[]): Promise<void> {
  vi.spyOn(window, "fetch").mockImplementation(async () => {
    const answer = answers.shift();
    if (!answer || answer instanceof Error) throw answer ?? new Error("asked once too often");
    return answer;
  });
  shown = document.createElement("narthex-console") as NarthexConsole;
  shown.church = church;
  shown.name = "Grace Church";
  shown.secure = secure;
  document.body.append(shown);
  await settled();
}

const page = () => Response.json({ items: [], next: null });

async function settled(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await new Promise((done) => setTimeout(done));
  await shown.updateComplete;
}

const refusal = (status: number) => Response.json({ code: "no", status }, { status });
const heading = () => shown.querySelector("h1")?.textContent;

afterEach(() => {
  shown.remove();
  vi.restoreAllMocks();
});

describe("<narthex-console>", () => {
  it("shows the form's shape while it asks who is signed in", async () => {
    await open("grace", true, refusal(401));
    shown.view = { kind: "loading" };
    await settled();
    expect(shown.querySelector('[role="status"]')?.getAttribute("aria-label")).toBe(say.loading);
  });

  it("offers the sign-in to whoever is not signed in", async () => {
    await open("grace", true, refusal(401));
    expect(heading()).toBe("Sign in to Grace Church");
    expect(document.title).toBe("Sign in · Narthex");
  });

  it("shows who is signed in their own pages, with roles in plain words and unknown ones as they are", async () => {
    await open("grace", true, Response.json(session), page(), Response.json({ email: "ruth@example.org" }));
    expect(heading()).toBe(homeWords.en.pages.account);
    expect(shown.textContent?.replace(/\s+/g, " ")).toContain("You are signed in as Ruth (Member, baker)");
    expect([...shown.querySelectorAll("nav a")].map((link) => link.getAttribute("href"))).toEqual([
      "/console/grace/account",
    ]);
  });

  it("returns to the sign-in after signing out", async () => {
    const me = Response.json({ email: "ruth@example.org" });
    await open("grace", true, Response.json(session), page(), me, new Response(null, { status: 204 }));
    shown.querySelector<HTMLButtonElement>(".sign-out")?.click();
    await settled();
    expect(heading()).toBe("Sign in to Grace Church");
  });

  it("stays signed in, and says so, when the sign-out did not get through", async () => {
    const me = Response.json({ email: "ruth@example.org" });
    await open("grace", true, Response.json(session), page(), me, refusal(503));
    shown.querySelector<HTMLButtonElement>(".sign-out")?.click();
    await settled();
    expect(shown.querySelector('narthex-account > [role="alert"]')?.textContent).toBe(say.failed);
  });

  it("asks to sign in again when the session has ended meanwhile", async () => {
    const over = Response.json({ code: "unauthenticated", status: 401 }, { status: 401 });
    await open("grace", true, Response.json(session), over, over.clone());
    expect(heading()).toBe("Sign in to Grace Church");
    expect(shown.querySelector(".notice")?.textContent).toBe(say.codes.unauthenticated);
  });

  it("says why it cannot sign in over plain http, and asks the server nothing", async () => {
    await open("grace", false);
    expect(heading()).toBe(say.insecureTitle);
    expect(shown.querySelector<HTMLAnchorElement>("a.safe")?.href).toMatch(/^https:/);
    expect(shown.querySelector("input")).toBeNull();
    expect(window.fetch).not.toHaveBeenCalled();
  });

  it("asks for the church when the address names none", async () => {
    await open("", true);
    expect(shown.querySelector('label[for="church"]')?.textContent).toBe(say.which);
  });

  it("says that a church is unknown and offers to choose another", async () => {
    await open("nowhere", true, refusal(404));
    expect(shown.querySelector('[role="alert"]')?.textContent).toBe(say.noChurch("nowhere"));
    expect(shown.querySelector("a.button")?.getAttribute("href")).toBe("/console");
  });

  it("passes on what a paused church has to say", async () => {
    const paused = { code: "suspended", status: 403, detail: "This church is paused." };
    await open("grace", true, Response.json(paused, { status: 403 }));
    expect(shown.querySelector('[role="alert"]')?.textContent).toBe("This church is paused.");
  });

  it("tries again by itself when the connection is back", async () => {
    await open("grace", true, new TypeError("network"), refusal(401));
    expect(shown.querySelector('[role="alert"]')?.textContent).toBe(say.offline);
    window.dispatchEvent(new Event("online"));
    await settled();
    expect(heading()).toBe("Sign in to Grace Church");
  });
});

describe("churchOf", () => {
  it("reads the church from a console address and from nothing else", () => {
    expect(churchOf("/console/grace")).toBe("grace");
    expect(churchOf("/console/san-jos%C3%A9/")).toBe("san-josé");
    expect(churchOf("/console/grace/live")).toBe("grace");
    for (const path of ["/console", "/console/", "/consoles/a", "/docs"]) expect(churchOf(path)).toBe("");
  });
});
