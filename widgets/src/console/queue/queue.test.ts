import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ELEMENTS } from "../elements";
import { waitingCase as one, teamRequest } from "../testing/cases";
import { problem } from "../testing/server";
import { PlayedSocket } from "../testing/socket";
import { button, press, Watching } from "../testing/watching";
import { queueWords } from "../words/queue";
import { age } from "./ages";
import { CLAIM_AFTER_MS } from "./claim";
import type { NarthexQueue } from "./page";

for (const [name, element] of ELEMENTS) customElements.define(name, element);

const words = queueWords.en;
const inTwoMinutes = () => new Date(Date.now() + 120_000).toISOString();

describe("age", () => {
  it("is said in its largest unit", () => {
    const now = Date.parse("2026-03-01T12:00:00Z");
    expect(age("2026-03-01T11:59:30Z", "en", now)).toBe("30 sec");
    expect(age("2026-03-01T09:59:30Z", "en", now)).toBe("2 hr");
  });
});

describe("<narthex-queue>", () => {
  let desk: Watching;
  let page: NarthexQueue;

  beforeEach(() => vi.stubGlobal("WebSocket", PlayedSocket));
  afterEach(() => {
    desk.stop();
    vi.unstubAllGlobals();
    window.history.replaceState(null, "", "/");
  });

  async function open(
    cases = [one("c1"), one("c2", { weight: 2, crisis: "self_harm" })],
    roles = ["prayer_team"],
  ) {
    desk = new Watching(roles, cases);
    desk.church.on("POST moderation/cases/c1/claim", one("c1", { version: 2, claimed_by: "p1" }));
    desk.church.on("POST moderation/cases/c2/claim", one("c2", { version: 2, claimed_by: "p1", weight: 2 }));
    desk.church.on("POST moderation/cases/c1/release", one("c1", { version: 3 }));
    desk.church.on("POST moderation/cases/c2/release", one("c2", { version: 3, weight: 2 }));
    page = await desk.show<NarthexQueue>("narthex-queue");
  }
  const entries = () => [...page.querySelectorAll<HTMLElement>('[role="option"]')];
  const claimTime = () => new Promise((done) => setTimeout(done, CLAIM_AFTER_MS + 20));
  /** On a slow machine the time to claim comes before the key: its answer shall not take the place of the case. */
  const unclaimed = (id: string) =>
    desk.church.on(`POST moderation/cases/${id}/claim`, new Error("no network"));
  const decided = (id: string, verdict = "approve") =>
    one(id, { version: 9, state: "decided", verdict, request: null, decided_by_name: "Ruth" });

  it("lists what waits with its kind, its age and, for a crisis, a word", async () => {
    await open();
    expect(entries().map(({ dataset }) => dataset.id)).toEqual(["c2", "c1"]);
    expect(entries()[0]?.textContent).toContain(words.crisis);
    expect(entries()[1]?.textContent).toContain("Please pray for my wife Anna");
    expect(page.querySelector(".status")?.textContent).toContain("2 wait");
    expect(page.querySelector(".status .age")?.textContent).toContain("oldest");
  });

  it("shows a concern to whom it is not about, once they ask to read it, and again when more is told", async () => {
    const concern = {
      kind: "concern",
      team: "pastors",
      subject: "k1",
      request: null,
    } as const;
    await open([one("c1", concern)], ["pastor", "prayer_team"]);
    unclaimed("c1");
    expect(entries()[0]?.textContent).toContain(words.kinds.concern);
    desk.church.on("GET care/concerns/k1", {
      by: "Maria",
      about: ["Ruth"],
      reason: "unsafe",
      note: "He asked where I live.",
      at: "2026-03-01T12:00:00Z",
    });
    press(page, "j");
    await desk.drawn();
    expect(desk.church.of("GET care/concerns/k1")).toHaveLength(0);
    button(page, words.concern.read).click();
    await desk.drawn();
    const told = page.querySelector("narthex-concern");
    expect(told?.textContent).toContain("He asked where I live.");
    expect(told?.textContent).toContain("Ruth");
    expect(told?.textContent).toContain(words.reasons.unsafe);
    expect(document.activeElement?.className).toBe("told");
    desk.socket.event(
      "queue:pastors",
      "case.changed",
      one("c1", { ...concern, version: 5, subject_version: 2 }),
    );
    await desk.drawn();
    expect(told?.textContent).not.toContain("He asked where I live.");
    desk.church.on("GET care/concerns/k1", problem(403, "about_you"));
    button(page, words.concern.read).click();
    await desk.drawn();
    expect(told?.querySelector(".alert")?.textContent).toBe(words.concern.about_you);
    desk.church.on("POST moderation/cases/c1/decide", decided("c1", "keep"));
    press(page, "a");
    await desk.drawn();
    expect(desk.church.of("POST moderation/cases/c1/decide")[0]?.body).toEqual({
      verdict: "keep",
      version: 2,
    });
    expect(page.querySelector(".undo-bar")?.textContent).toContain(words.seenTo);
  });

  it("says that nothing waits, and that nothing like that waits", async () => {
    await open([]);
    expect(page.querySelector(".empty")?.textContent).toBe(words.nothing);
    desk.socket.event("queue:prayer", "case.opened", one("c1"));
    await desk.drawn();
    page.filter = { team: "", kind: "reply", mine: false };
    await desk.drawn();
    expect(page.querySelector(".empty")?.textContent).toContain(words.nothingHere);
    button(page, words.showAll).click();
    await desk.drawn();
    expect(entries()).toHaveLength(1);
  });

  it("claims the case that is opened and lets it go when another is", async () => {
    await open();
    press(page, "j");
    await claimTime();
    expect(desk.church.of("POST moderation/cases/c2/claim")).toHaveLength(1);
    press(page, "j");
    await claimTime();
    expect(desk.church.of("POST moderation/cases/c2/release")).toHaveLength(1);
    expect(desk.church.of("POST moderation/cases/c1/claim")).toHaveLength(1);
  });

  it("shows who else looks at a case, and nothing can be done about it then", async () => {
    const claim = { claimed_by: "p2", claimed_by_name: "Paul", claimed_until: inTwoMinutes() };
    await open([one("c1", claim)]);
    expect(entries()[0]?.textContent).toContain(words.looks("Paul"));
    press(page, "j");
    await desk.drawn();
    expect(button(page, words.approve).disabled).toBe(true);
    press(page, "a");
    await claimTime();
    expect(desk.church.of("POST moderation/cases/c1/decide")).toEqual([]);
    expect(desk.church.of("POST moderation/cases/c1/claim")).toEqual([]);
  });

  it("decides by a key over the version that was read, goes on, and takes it back", async () => {
    await open();
    unclaimed("c2");
    desk.church
      .on("POST moderation/cases/c2/decide", decided("c2"))
      .on("POST moderation/cases/c2/undo", one("c2", { version: 10, weight: 2 }));
    press(page, "j");
    await desk.drawn();
    press(page, "a");
    await desk.drawn();
    expect(desk.church.of("POST moderation/cases/c2/decide")[0]?.body).toEqual({
      verdict: "approve",
      version: 1,
    });
    expect(entries().map(({ dataset }) => dataset.id)).toEqual(["c1"]);
    expect(page.chosen).toBe("c1");
    expect(page.querySelector(".undo-bar")?.textContent).toContain(words.done.approve);
    press(page, "u");
    await desk.drawn();
    expect(page.chosen).toBe("c2");
    expect(page.querySelector(".undo-bar")).toBeNull();
  });

  it("sends the wording when it was changed, with a name taken out by one press", async () => {
    const request = teamRequest("r-c1", { suggestions: [{ kind: "name", start: 24, end: 28 }] });
    await open([one("c1", { request })]);
    unclaimed("c1");
    desk.church.on("POST moderation/cases/c1/decide", decided("c1"));
    press(page, "j");
    await desk.drawn();
    expect(page.querySelector("mark")?.textContent).toBe("Anna");
    button(page.querySelector(".found") as Element, "Anna").click();
    await desk.drawn();
    press(page, "a");
    await desk.drawn();
    expect(desk.church.of("POST moderation/cases/c1/decide")[0]?.body).toEqual({
      verdict: "approve",
      version: 1,
      public_body: "Please pray for my wife",
    });
  });

  it("shows the new words when they changed meanwhile, keeps the draft, and lets decide again", async () => {
    await open([one("c1")]);
    const request = teamRequest("r-c1", { version: 2, body: "She is home!" });
    unclaimed("c1");
    desk.church.on(
      "POST moderation/cases/c1/decide",
      problem(409, "changed", { extra: { request } }),
      decided("c1"),
    );
    press(page, "j");
    await desk.drawn();
    const box = page.querySelector("#wording") as HTMLTextAreaElement;
    box.value = "Pray for a wife";
    box.dispatchEvent(new Event("input"));
    press(page, "a");
    await desk.drawn();
    expect(page.querySelector(".notice")?.textContent).toBe(words.changed);
    expect((page.querySelector("#wording") as HTMLTextAreaElement).value).toBe("She is home!");
    expect(page.querySelector("details")?.textContent).toContain("Pray for a wife");
    press(page, "a");
    await desk.drawn();
    expect(desk.church.of("POST moderation/cases/c1/decide")[1]?.body).toEqual({
      verdict: "approve",
      version: 2,
    });
  });

  it("says who was quicker, and offers the next one", async () => {
    await open([one("c1"), one("c3")]);
    desk.church
      .on("POST moderation/cases/c1/decide", problem(409, "already_decided"))
      .on("GET moderation/cases/c1", { ...decided("c1", "decline"), decided_by_name: "Paul" });
    press(page, "j");
    await desk.drawn();
    press(page, "d");
    await desk.drawn();
    expect(page.querySelector(".right")?.textContent).toContain(words.decided);
    expect(page.querySelector(".right")?.textContent).toContain("Decided by Paul: declined.");
    button(page, words.next).click();
    await desk.drawn();
    expect(page.chosen).toBe("c3");
  });

  it("keeps everything on the screen when a decision does not get through", async () => {
    await open([one("c1")]);
    desk.church.on("POST moderation/cases/c1/decide", new Error("no network"));
    press(page, "j");
    await desk.drawn();
    press(page, "a");
    await desk.drawn();
    expect(page.querySelector(".alert")?.textContent).toContain("offline");
    expect(entries()).toHaveLength(1);
  });

  it("hands a request to the pastors, and it is gone from who is none", async () => {
    await open([one("c1")]);
    desk.church.on("POST moderation/cases/c1/decide", one("c1", { version: 4, state: "decided" }));
    press(page, "j");
    await desk.drawn();
    press(page, "p");
    await desk.drawn();
    expect(desk.church.of("POST moderation/cases/c1/decide")[0]?.body).toMatchObject({ verdict: "pastor" });
    expect(entries()).toEqual([]);
    expect(page.querySelector(".undo-bar")?.textContent).toContain(words.done.pastor);
    expect(page.querySelector(".undo-bar button")).not.toBeNull();
  });

  it("shows flags with their reasons, and keeps or takes down", async () => {
    const flags = [{ reason: "private" as const, note: "It names her street", team: false, at: "" }];
    await open([one("c1", { kind: "flag", flags, reason: "flagged" })]);
    unclaimed("c1");
    desk.church.on("POST moderation/cases/c1/decide", decided("c1", "remove"));
    press(page, "j");
    await desk.drawn();
    expect(page.querySelector(".reasons")?.textContent).toContain("It names her street");
    press(page, "d");
    await desk.drawn();
    expect(desk.church.of("POST moderation/cases/c1/decide")[0]?.body).toEqual({
      verdict: "remove",
      version: 1,
    });
  });

  it("goes to who asks for somebody, and the care desk opens", async () => {
    const care = { id: "s1", name: "Maria", language: "es", topic: "My father", minor: false };
    await open([one("c1", { kind: "care", team: "care", subject: "s1", request: null, care })]);
    unclaimed("c1");
    desk.church.on("POST care/sessions/s1/accept", {});
    const gone = vi.fn();
    page.addEventListener("go-to", (event) => gone((event as Event & { conversation: string }).conversation));
    press(page, "j");
    await desk.drawn();
    expect(page.querySelector("narthex-waiting")?.textContent).toContain("Spanish");
    press(page, "a");
    await desk.drawn();
    expect(gone).toHaveBeenCalledWith("s1");
  });

  it("gives a case to somebody of its team", async () => {
    await open([one("c1")]);
    desk.church.on(
      "POST moderation/cases/c1/assign",
      one("c1", { version: 5, assigned_to: "p2", assigned_to_name: "Paul" }),
    );
    press(page, "j");
    await desk.drawn();
    const box = page.querySelector("#assign") as HTMLSelectElement;
    box.value = "p2";
    box.dispatchEvent(new Event("change"));
    await desk.drawn();
    expect(desk.church.of("POST moderation/cases/c1/assign")[0]?.body).toEqual({ to: "p2" });
    expect(entries()[0]?.textContent).toContain(words.of("Paul"));
  });

  it("takes notes, and a saved reply into one", async () => {
    await open([one("c1", { notes: 1 })]);
    const note = { id: "n1", body: "I know her", name: "Paul", at: "2026-03-01T10:00:00Z" };
    desk.church
      .on("POST moderation/cases/c1/claim", one("c1", { version: 2, claimed_by: "p1", notes: 1 }))
      .on("GET moderation/cases/c1/notes", [note])
      .on("POST moderation/cases/c1/notes", { ...note, id: "n2", body: "We pray (Psalm 34)" })
      .on("GET moderation/replies", [
        { id: "f1", version: 1, title: "We pray", body: "We pray", scripture: "Psalm 34", language: "en" },
      ]);
    press(page, "j");
    await desk.drawn();
    expect(page.querySelector(".notes")?.textContent).toContain("I know her");
    const picker = page.querySelector("narthex-picker select") as HTMLSelectElement;
    picker.value = "f1";
    picker.dispatchEvent(new Event("change"));
    button(page, words.addNote).form?.dispatchEvent(new Event("submit", { cancelable: true }));
    await desk.drawn();
    expect(desk.church.of("POST moderation/cases/c1/notes")[0]?.body).toEqual({ body: "We pray (Psalm 34)" });
    expect(page.querySelector(".notes")?.textContent).toContain("We pray (Psalm 34)");
  });

  describe("a note that is begun", () => {
    const box = () => page.querySelector("#note") as HTMLTextAreaElement;
    const type = (text: string) => {
      box().value = text;
      box().dispatchEvent(new Event("input", { bubbles: true }));
    };
    const add = async () => {
      box().form?.dispatchEvent(new Event("submit", { cancelable: true }));
      await desk.drawn();
    };
    const go = async (id: string) => {
      page.choose(id);
      await desk.drawn();
    };
    const note = (id: string, body: string) => ({ id, body, name: "Ruth", at: "2026-03-01T10:00:00Z" });

    it("stays below its case and stands below no other", async () => {
      await open();
      await go("c1");
      type("I know her: call");
      await go("c2");
      expect(box().value).toBe("");
      type("He is safe");
      await go("c1");
      expect(box().value).toBe("I know her: call");
      desk.church.on("POST moderation/cases/c1/notes", note("n1", "I know her: call"));
      await add();
      expect(box().value).toBe("");
      await go("c2");
      expect(box().value).toBe("He is safe");
      expect(desk.church.of("POST moderation/cases/c2/notes")).toEqual([]);
    });

    it("stays when somebody else decides the case, and is sent below it", async () => {
      await open();
      await go("c1");
      type("I called her");
      box().focus();
      desk.socket.event("queue:prayer", "case.decided", decided("c1", "decline"));
      await desk.drawn();
      expect(page.querySelector(".right")?.textContent).toContain("Decided by Ruth: declined.");
      expect([box().value, document.activeElement]).toEqual(["I called her", box()]);
      desk.church.on("POST moderation/cases/c1/notes", note("n1", "I called her"));
      await add();
      expect(desk.church.of("POST moderation/cases/c1/notes")[0]?.body).toEqual({ body: "I called her" });
    });

    it("is not left behind by deciding its case", async () => {
      await open();
      await go("c1");
      type("I called her");
      desk.church.on("POST moderation/cases/c1/decide", decided("c1"));
      press(page, "a");
      await desk.drawn();
      expect([page.chosen, box().value, document.activeElement]).toEqual(["c1", "I called her", box()]);
      button(page, words.next).click();
      await desk.drawn();
      expect([page.chosen, box().value]).toEqual(["c2", ""]);
    });

    it("goes below the case it was sent from, also when another is open by the time of the answer", async () => {
      await open();
      await go("c1");
      type("About the first");
      desk.church.on("POST moderation/cases/c1/notes", note("n1", "About the first"));
      box().form?.dispatchEvent(new Event("submit", { cancelable: true }));
      page.choose("c2");
      await desk.drawn();
      expect(page.querySelector("narthex-notes .notes")).toBeNull();
      expect(box().value).toBe("");
      await go("c1");
      expect(box().value).toBe("");
    });
  });

  it("decides nothing by a key that is held, and moves on by it", async () => {
    await open();
    press(page, "j");
    await desk.drawn();
    const hold = (key: string) =>
      page.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, repeat: true }));
    hold("a");
    hold("d");
    await desk.drawn();
    expect(desk.church.asked.filter(({ path }) => path.endsWith("/decide"))).toEqual([]);
    hold("j");
    expect(page.chosen).toBe("c1");
  });

  it("leaves Escape to an input method", async () => {
    await open();
    press(page, "j");
    page.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true, isComposing: true }));
    expect(page.chosen).toBe("c2");
  });

  it("on a phone goes back to the list before it goes back to the page before", async () => {
    vi.stubGlobal("matchMedia", () => ({ matches: true }));
    await open();
    press(page, "j");
    await desk.drawn();
    window.history.back();
    await desk.drawn();
    expect(page.chosen).toBe("");
  });

  it("opens the case an alarm is about", async () => {
    window.history.replaceState(null, "", "/console/grace/queue?subject=r-c1");
    await open();
    expect(page.chosen).toBe("c1");
  });

  it("does nothing by single keys once they are switched off, but for the arrows", async () => {
    await open();
    page.keys = false;
    press(page, "j");
    expect(page.chosen).toBe("");
    press(page, "ArrowDown");
    expect(page.chosen).toBe("c2");
  });
});

describe("<narthex-alarms>", () => {
  let desk: Watching;

  beforeEach(() => vi.stubGlobal("WebSocket", PlayedSocket));
  afterEach(() => {
    desk.stop();
    vi.unstubAllGlobals();
  });

  const alarm = { id: "a1", kind: "self_harm", about: "prayer", at: "2026-03-01T10:00:00Z", subject: "r-c1" };

  it("rings what rang before, what rings now, until somebody has seen to it", async () => {
    desk = new Watching(["pastor"]);
    desk.church
      .on("GET moderation/alarms", [alarm])
      .on("POST moderation/alarms/a1/seen", { ...alarm, seen: true });
    const page = await desk.show<HTMLElement>("narthex-alarms");
    expect(page.querySelector('[role="alert"]')?.textContent).toContain(words.alarms.self_harm);
    desk.socket.event("me:p1", "alarm.raised", { ...alarm, id: "a2", kind: "abuse" });
    await desk.drawn();
    expect(page.querySelectorAll(".alarm")).toHaveLength(2);
    desk.socket.event("me:p1", "alarm.seen", { ...alarm, id: "a2", seen: true, seen_by: "Paul" });
    await desk.drawn();
    button(page, words.hush).click();
    await desk.drawn();
    expect(page.querySelectorAll(".alarm")).toHaveLength(0);
  });

  it("leads to what it is about", async () => {
    desk = new Watching(["pastor"]);
    desk.church.on("GET moderation/alarms", [alarm]);
    const page = await desk.show<HTMLElement>("narthex-alarms");
    const seen = vi.fn();
    page.addEventListener("look-at", (event) => seen((event as Event & { alarm: object }).alarm));
    button(page, words.look).click();
    expect(seen).toHaveBeenCalledWith(alarm);
  });
});
