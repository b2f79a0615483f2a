import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ELEMENTS } from "../elements";
import { teamRequest } from "../testing/cases";
import { problem, submit } from "../testing/server";
import { PlayedSocket } from "../testing/socket";
import { button, Watching } from "../testing/watching";
import { prayerWords } from "../words/prayers";
import type { NarthexPrayers } from "./page";

for (const [name, element] of ELEMENTS) customElements.define(name, element);

const words = prayerWords.en;
let desk: Watching;

beforeEach(() => vi.stubGlobal("WebSocket", PlayedSocket));
afterEach(() => {
  desk.stop();
  vi.unstubAllGlobals();
});

const standing = teamRequest("r1", {
  state: "approved",
  version: 3,
  decided_by: "Ruth",
  decided_at: "2026-03-02T10:00:00Z",
});

async function open(items = [standing], roles = ["owner"]) {
  desk = new Watching(roles);
  desk.church.on("GET prayers", { items, next: null }).on("GET prayers/r1/replies", []);
  return desk.show<NarthexPrayers>("narthex-prayers");
}

async function openOne(request = standing, roles = ["owner"]) {
  const page = await open([request], roles);
  page.querySelector<HTMLElement>(".requests button")?.click();
  await desk.drawn();
  return page;
}

function choose(page: Element, selector: string, value: string) {
  const box = page.querySelector(selector) as HTMLSelectElement;
  box.value = value;
  box.dispatchEvent(new Event("change"));
}

describe("<narthex-prayers>", () => {
  it("lists requests, and finds them by words and by state", async () => {
    const page = await open();
    expect(page.querySelector(".requests")?.textContent).toContain("my wife Anna");
    await submit(page, { q: "hospital" });
    choose(page, `select[aria-label="${words.state}"]`, "answered");
    await desk.drawn();
    expect(desk.church.of("GET prayers").at(-1)?.query).toEqual({ q: "hospital", state: "answered" });
  });

  it("shows what was asked for last, in whichever order the answers come", async () => {
    const page = await open();
    let come = (_: object) => {};
    const slow = new Promise<object>((resolve) => {
      come = resolve;
    });
    const found = (body: string) => ({ items: [teamRequest("r1", { body })], next: null });
    desk.church.on("GET prayers", slow, found("the later words"));
    choose(page, `select[aria-label="${words.state}"]`, "answered");
    choose(page, `select[aria-label="${words.category}"]`, "health");
    await desk.drawn();
    come(found("the earlier words"));
    await desk.drawn();
    expect(page.querySelector(".requests")?.textContent).toContain("the later words");
  });

  it("hints at the search in words that a phone has room for", () => {
    for (const { searchHint } of Object.values(prayerWords))
      expect(searchHint.length).toBeLessThanOrEqual(22);
  });

  it("says what to do when there is none, and that none was found", async () => {
    const page = await open([]);
    expect(page.querySelector(".empty")?.textContent).toBe(words.empty);
    await submit(page, { q: "hospital" });
    await desk.drawn();
    expect(page.querySelector(".empty")?.textContent).toBe(words.none);
  });

  it("shows one with who decided, and changes only what is different", async () => {
    const page = await openOne();
    expect(page.querySelector(".facts")?.textContent).toContain(words.decidedBy("Ruth"));
    desk.church.on("PATCH prayers/r1", { ...standing, version: 4, category: "family" });
    choose(page, "#category", "family");
    await submit(page, {}, "form.change");
    expect(desk.church.of("PATCH prayers/r1")[0]?.body).toEqual({ version: 3, category: "family" });
    expect(page.querySelector("narthex-request .notice")?.textContent).toBe(words.saved);
  });

  it("on a phone goes back to the list before it goes back to the page before", async () => {
    vi.stubGlobal("matchMedia", () => ({ matches: true }));
    const page = await openOne();
    expect(page.querySelector("narthex-request")).not.toBeNull();
    window.history.back();
    await desk.drawn();
    expect(page.querySelector("narthex-request")).toBeNull();
  });

  it("saves a wording, and then there is no draft left of it", async () => {
    const page = await openOne();
    desk.church.on("PATCH prayers/r1", { ...standing, version: 4, public_body: "Pray for a wife" });
    const box = page.querySelector("#wording") as HTMLTextAreaElement;
    box.value = "Pray for a wife";
    box.dispatchEvent(new Event("input"));
    await submit(page, {}, "form.change");
    await desk.drawn();
    expect(desk.church.of("PATCH prayers/r1")[0]?.body).toEqual({
      version: 3,
      public_body: "Pray for a wife",
    });
    expect(page.querySelector("narthex-wording details")).toBeNull();
  });

  it("shows what somebody else changed meanwhile", async () => {
    const page = await openOne();
    const request = { ...standing, version: 4, public_body: "Pray for a wife" };
    desk.church.on("PATCH prayers/r1", problem(409, "changed", { extra: { request } }));
    await submit(page, {}, "form.change");
    await desk.drawn();
    expect(page.querySelector("narthex-request .alert")?.textContent).toBe(words.changed);
    expect((page.querySelector("#wording") as HTMLTextAreaElement).value).toBe("Pray for a wife");
  });

  it("opens a sealed envelope for a reason, and says that it is recorded", async () => {
    const page = await openOne({ ...standing, anonymous: true, sealed: true }, ["pastor"]);
    desk.church.on("POST prayers/r1/unseal", {
      person: null,
      kind: "anonymous",
      name: "Maria",
      email: "m@x.example",
    });
    button(page, words.unseal).click();
    await desk.drawn();
    expect(page.querySelector(".ask")?.textContent).toContain("stays in the history");
    await submit(page, { why: "She asked to be called back" }, "form.ask");
    await desk.drawn();
    expect(desk.church.of("POST prayers/r1/unseal")[0]?.body).toEqual({
      reason: "She asked to be called back",
    });
    expect(page.querySelector(".ask")?.textContent).toContain("m@x.example");
  });

  it("does not offer the envelope to the prayer team", async () => {
    const page = await openOne({ ...standing, sealed: true }, ["prayer_team"]);
    expect(page.textContent).not.toContain(words.unseal);
  });

  it("takes down what stands below after a second press, and shows the request as it is then", async () => {
    const reply = { kind: "encouragement", body: "Call 555", name: "Maria", at: "2026-03-02T10:00:00Z" };
    const testimony = { ...reply, id: "e2", kind: "testimony", body: "Home!", name: "" };
    desk = new Watching(["prayer_team"]);
    const request = { ...standing, testimony: "Home!" };
    desk.church
      .on("GET prayers", { items: [request], next: null })
      .on("GET prayers/r1/replies", [{ ...reply, id: "e1" }, testimony], [{ ...reply, id: "e1" }])
      .on("GET prayers/r1", { ...standing, version: 4 })
      .on("DELETE prayers/replies/e2", new Response(null, { status: 204 }));
    const page = await desk.show<NarthexPrayers>("narthex-prayers");
    page.querySelector<HTMLElement>(".requests button")?.click();
    await desk.drawn();
    const below = page.querySelector("narthex-replies") as HTMLElement;
    expect(below.textContent).toContain("Call 555");
    expect(below.textContent).toContain("Maria");
    below.querySelector<HTMLElement>('[data-id="e2"]')?.click();
    await desk.drawn();
    expect(below.querySelector(".ask")?.textContent).toContain(words.takeDownSure);
    expect(desk.church.of("DELETE prayers/replies/e2")).toHaveLength(0);
    button(page, words.takeDownGo).click();
    await desk.drawn();
    expect(desk.church.of("DELETE prayers/replies/e2")).toHaveLength(1);
    expect(below.querySelector(".notice")?.textContent).toBe(words.takenDown);
    expect(page.querySelector("narthex-request")?.textContent).not.toContain("Home!");
    expect(below.textContent).toContain("Call 555");
  });

  it("says that it is taken down when somebody else was faster", async () => {
    const reply = { id: "e1", kind: "update", body: "We wait", at: "2026-03-02T10:00:00Z" };
    const page = await openOne();
    desk.church.on("GET prayers/r1/replies", [reply], []).on("GET prayers/r1", standing);
    desk.church.on("DELETE prayers/replies/e1", problem(409, "already_decided"));
    button(page, words.back).click();
    await desk.drawn();
    page.querySelector<HTMLElement>(".requests button")?.click();
    await desk.drawn();
    button(page, words.takeDown).click();
    await desk.drawn();
    button(page, words.takeDownGo).click();
    await desk.drawn();
    expect(page.querySelector("narthex-replies")?.textContent).toContain(words.takenDown);
    expect(page.querySelector("narthex-replies .alert")).toBeNull();
    expect(page.querySelector("narthex-replies li")).toBeNull();
  });

  it("puts away after a second press, and sends what waits to the queue", async () => {
    const page = await openOne({ ...standing, state: "held" });
    const seen = vi.fn();
    page.addEventListener("look-at", (event) => seen((event as Event & { alarm: object }).alarm));
    button(page, words.toQueue).click();
    expect(seen).toHaveBeenCalledWith({ about: "prayer", subject: "r1" });
    desk.church.on("POST prayers/r1/archive", { ...standing, state: "archived" });
    button(page, words.archive).click();
    await desk.drawn();
    button(page, words.archiveGo).click();
    await desk.drawn();
    expect(page.querySelector("narthex-request h2")?.textContent).toContain(words.states.archived);
  });

  it("shows the week in figures, those of the queue to leaders alone", async () => {
    const week = {
      asked: 12,
      approved: 9,
      declined: 1,
      answered: 2,
      prayed: 240,
      waiting_seconds: 300,
      waiting_now: 2,
      oldest_at: null,
    };
    const page = await open([standing], ["prayer_team"]);
    desk.church.on("GET prayers/week", week);
    button(page, words.tabs.week).click();
    await desk.drawn();
    expect(page.querySelector(".bars")?.textContent).toContain("240");
    expect(page.querySelector(".facts")?.textContent).toContain("5 min");
    expect(desk.church.of("GET moderation/week")).toEqual([]);
    desk.stop();
    const leader = await open([standing], ["pastor"]);
    desk.church.on("GET prayers/week", week).on("GET moderation/week", {
      decided: { report: 4 },
      waiting_seconds: { report: 7200 },
      open: 3,
      oldest_at: null,
    });
    button(leader, words.tabs.week).click();
    await desk.drawn();
    expect(leader.textContent).toContain("2 hr");
  });

  it("makes a sheet to print, the least prayed for first as the server sends them", async () => {
    const print = vi.fn();
    vi.stubGlobal("print", print);
    const page = await open();
    desk.church.on("GET prayers/list", [
      { ...standing, prayed: 0 },
      teamRequest("r2", { body: "Thanks", prayed: 9 }),
    ]);
    button(page, words.tabs.print).click();
    await desk.drawn();
    expect([...page.querySelectorAll(".sheet li .text")].map((one) => one.textContent)).toEqual([
      standing.body,
      "Thanks",
    ]);
    button(page, words.print).click();
    expect(print).toHaveBeenCalledOnce();
  });

  it("shows the rules to the office alone", async () => {
    const page = await open([], ["pastor"]);
    expect(
      [...page.querySelectorAll<HTMLElement>("[data-tab]")].map(({ dataset }) => dataset.tab),
    ).not.toContain("settings");
    desk.stop();
    const office = await open([], ["admin"]);
    desk.church.on("GET prayers/settings", () =>
      Response.json({ flags: 3 }, { headers: { ETag: 'W/"v1-abc"' } }),
    );
    desk.church.on("PUT prayers/settings", { flags: 4 });
    button(office, words.tabs.settings).click();
    await desk.drawn();
    await submit(office, { flags: "4" }, ".rules");
    expect(desk.church.of("PUT prayers/settings")[0]?.body).toMatchObject({
      flags: 4,
      expires_days: 30,
      weekly_list: true,
    });
  });
});
