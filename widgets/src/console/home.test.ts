import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ELEMENTS } from "./elements";
import type { NarthexHome } from "./home";
import { waitingCase } from "./testing/cases";
import { PlayedSocket } from "./testing/socket";
import { button, Watching } from "./testing/watching";
import { queueWords } from "./words/queue";

for (const [name, element] of ELEMENTS) customElements.define(name, element);

describe("<narthex-home>", () => {
  let desk: Watching;

  beforeEach(() => vi.stubGlobal("WebSocket", PlayedSocket));
  afterEach(() => {
    desk.stop();
    vi.unstubAllGlobals();
    window.history.replaceState(null, "", "/");
  });

  async function open(path: string, alarms: object[] = [], roles = ["pastor"]) {
    window.history.replaceState(null, "", `/console/grace/${path}`);
    desk = new Watching(roles, [waitingCase("c1"), waitingCase("c2")]);
    desk.church
      .on("GET moderation/alarms", alarms)
      .on("GET care/mine", [])
      .on("GET rota/now", { here: [], planned: [] })
      .on("GET prayers", { items: [], next: null });
    return desk.show<NarthexHome>("narthex-home", { slug: "grace", church: "Grace Church" });
  }

  const alarm = { id: "a1", kind: "self_harm", at: "2026-03-01T10:00:00Z" };

  it("tells on every page how many wait", async () => {
    const home = await open("prayers");
    expect(home.querySelector('[data-page="queue"] .badge')?.textContent).toBe("2");
  });

  it("leads from an alarm to the case, also when the queue is open already", async () => {
    const home = await open("queue", [{ ...alarm, about: "prayer", subject: "r-c2" }]);
    button(home, queueWords.en.look).click();
    await desk.drawn();
    expect(window.location.search).toBe("?subject=r-c2");
    expect(home.querySelector('[aria-selected="true"]')?.getAttribute("data-id")).toBe("c2");
  });

  it("leads from an alarm about a conversation to the care desk", async () => {
    const home = await open("prayers", [{ ...alarm, about: "care", subject: "s1" }]);
    button(home, queueWords.en.look).click();
    await desk.drawn();
    expect(window.location.pathname + window.location.search).toBe("/console/grace/care?conversation=s1");
    expect(home.querySelector("narthex-care")).not.toBeNull();
  });

  it("leads from an alarm about a word for the hosts to where these are read", async () => {
    const home = await open("prayers", [{ ...alarm, about: "note", subject: "n1" }]);
    expect(home.querySelector(".alarm")?.textContent).toContain(queueWords.en.abouts.note);
    button(home, queueWords.en.look).click();
    await desk.drawn();
    expect(window.location.pathname + window.location.search).toBe("/console/grace/live");
  });

  it("keeps where one is in sight when a phone is turned, and when more waits", async () => {
    const home = await open("prayers");
    const row = home.querySelector("nav ul") as HTMLElement;
    const entry = home.querySelector('[data-page="prayers"]') as HTMLElement;
    const place = (left: number, right: number) => () => ({ left, right }) as DOMRect;
    row.getBoundingClientRect = place(0, 390);
    entry.getBoundingClientRect = place(350, 420);
    window.dispatchEvent(new Event("resize"));
    expect(row.scrollLeft).toBe(30);
    entry.getBoundingClientRect = place(-20, 50);
    home.waiting = 12;
    await desk.drawn();
    expect(row.scrollLeft).toBe(10);
    entry.getBoundingClientRect = place(100, 170);
    home.waiting = 13;
    await desk.drawn();
    expect(row.scrollLeft).toBe(10);
  });

  it("opens no connection for who works on no queue", async () => {
    await open("account", [], ["member"]);
    expect(desk.church.of("POST auth/socket").length).toBeLessThan(2); // the test's own
  });
});
