import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CareSessionShown, MessageShown } from "../../core/generated";
import { ELEMENTS } from "../elements";
import { waitingCase } from "../testing/cases";
import { problem, submit } from "../testing/server";
import { PlayedSocket } from "../testing/socket";
import { button, Watching } from "../testing/watching";
import type { NarthexAlarms } from "../watch/alarms";
import { AGAIN_MS, Duty } from "../watch/duty";
import { careWords } from "../words/care";
import { queueWords } from "../words/queue";
import type { NarthexCare } from "./page";

for (const [name, element] of ELEMENTS) customElements.define(name, element);

const words = careWords.en;
const talk: CareSessionShown = {
  id: "s1",
  version: 2,
  state: "active",
  name: "Maria",
  language: "en",
  topic: "My father",
  words: "erase",
  asked_at: "2026-03-01T10:00:00Z",
  room: "r1",
  first: "Ruth",
};
const message = (number: number, author: string, body: string): MessageShown => ({
  id: `m${number}`,
  room: "r1",
  number,
  at: "2026-03-01T10:00:00Z",
  author: { id: author, kind: "person", name: author === "p1" ? "Ruth" : "Maria" },
  body,
});
const room = (messages: MessageShown[]) => ({
  room: { id: "r1" },
  messages,
  reactions: {},
  pins: [],
  older: false,
});

let desk: Watching;

beforeEach(() => vi.stubGlobal("WebSocket", PlayedSocket));
afterEach(() => {
  desk?.stop();
  vi.unstubAllGlobals();
  sessionStorage.clear();
  localStorage.clear();
  sessionStorage.clear();
  window.history.replaceState(null, "", "/");
});

async function open(
  mine: CareSessionShown[] = [],
  roles = ["prayer_team"],
  more: (desk: Watching) => void = () => {},
) {
  const care = { id: "s2", name: "Jon", language: "es", topic: "", minor: false };
  desk = new Watching(roles, [
    waitingCase("c1", { kind: "care", team: "care", subject: "s2", request: null, care }),
  ]);
  Object.assign(PlayedSocket.snapshots, {
    "care:s1": { session: talk, place: null },
    "chat:r1": room([]),
    "chat:r2": room([]),
  });
  PlayedSocket.snapshots["care:s2"] = {
    session: { ...talk, id: "s2", name: "Jon", room: "r2" },
    place: null,
  };
  desk.church
    .on("GET care/mine", mine)
    .on("GET rota/now", { here: [], planned: [] })
    .on("GET safety/helplines", { helplines: [{ name: "988", phone: "988" }] });
  more(desk);
  return desk.show<NarthexCare>("narthex-care");
}

describe("Duty", () => {
  it("says that somebody is here, again and again, until it is switched off", async () => {
    vi.useFakeTimers();
    desk = new Watching(["member"]);
    desk.church.on("POST rota/here", { here: [], planned: [] });
    const duty = new Duty(desk.church.api, () => {}, "en", sessionStorage);
    await duty.set(true, ["en", "es"]);
    await vi.advanceTimersByTimeAsync(AGAIN_MS);
    await duty.set(false);
    await vi.advanceTimersByTimeAsync(2 * AGAIN_MS);
    vi.useRealTimers();
    expect(desk.church.of("POST rota/here").map(({ body }) => body)).toEqual([
      { here: true, languages: ["en", "es"] },
      { here: true, languages: ["en", "es"] },
      { here: false, languages: ["en", "es"] },
    ]);
  });

  it("goes on in a tab that is loaded anew", async () => {
    sessionStorage.setItem("narthex.duty", "es");
    desk = new Watching(["member"]);
    desk.church.on("POST rota/here", { here: [], planned: [] });
    const duty = new Duty(desk.church.api, () => {}, "en", sessionStorage);
    await duty.start();
    duty.stop();
    expect([duty.on, duty.languages]).toEqual([true, ["es"]]);
  });
});

describe("Duty that was stopped", () => {
  it("says nothing any more, also when it was just being said", async () => {
    vi.useFakeTimers();
    desk = new Watching(["member"]);
    desk.church.on("POST rota/here", { here: [], planned: [] });
    const duty = new Duty(desk.church.api, () => {}, "en", sessionStorage);
    const said = duty.set(true);
    duty.stop();
    await said;
    await vi.advanceTimersByTimeAsync(3 * AGAIN_MS);
    vi.useRealTimers();
    expect(desk.church.of("POST rota/here")).toHaveLength(1);
  });

  it("goes on after an answer that broke off on its way", async () => {
    vi.useFakeTimers();
    desk = new Watching(["member"]);
    desk.church.on("POST rota/here", new Response('{"here":'), { here: [], planned: [] });
    const duty = new Duty(desk.church.api, () => {}, "en", sessionStorage);
    await duty.set(true);
    expect(duty.failed?.offline).toBe(true);
    await vi.advanceTimersByTimeAsync(AGAIN_MS / 12);
    duty.stop();
    vi.useRealTimers();
    expect(duty.failed).toBeNull();
  });
});

describe("<narthex-care>", () => {
  it("shows who waits and goes to them", async () => {
    const page = await open();
    desk.church.on("POST care/sessions/s2/accept", { ...talk, id: "s2", name: "Jon", room: "r2" });
    expect(page.textContent).toContain("Jon");
    button(page, words.go).click();
    await desk.drawn();
    expect(page.querySelector("narthex-conversation h2")?.textContent).toBe("Jon");
  });

  it("says so when somebody else was quicker", async () => {
    const page = await open();
    desk.church.on("POST care/sessions/s2/accept", problem(409, "already_accepted"));
    button(page, words.go).click();
    await desk.drawn();
    expect(page.querySelector(".alert")?.textContent).toBe(words.codes.already_accepted);
  });

  it("offers to try again when nothing could be read", async () => {
    const page = await open([], ["prayer_team"], (with_) =>
      with_.church.on("GET care/mine", new Error("no network"), [talk]),
    );
    expect(page.querySelector(".alert")?.textContent).toContain("offline");
    button(page, "Try again").click();
    await desk.drawn();
    expect(page.textContent).toContain("Maria");
  });

  it("opens the conversation of the address, its words, who writes, and what was seen", async () => {
    window.history.replaceState(null, "", "/console/grace/care?conversation=s1");
    const page = await open([talk]);
    const topic = "chat:r1";
    desk.socket.event(topic, "message.posted", message(1, "p1", "I am Ruth"));
    desk.socket.say({ type: "latest", topic, event: "seen", data: { person: "g1", number: 1 } });
    desk.socket.say({
      type: "ephemeral",
      topic,
      event: "typing",
      data: { people: [{ id: "g1", name: "Maria" }], count: 1 },
    });
    await desk.drawn();
    expect(page.querySelector(".talk")?.textContent).toContain("I am Ruth");
    expect(page.querySelector(".talk")?.textContent).toContain(words.seen);
    expect(page.querySelector(".typing")?.textContent).toBe(words.typing("Maria"));
    expect(desk.socket.pushed.find(({ event }) => event === "read")?.data).toEqual({ number: 1 });
  });

  it("on a phone goes back to the desk before it goes back to the page before", async () => {
    vi.stubGlobal("matchMedia", () => ({ matches: true }));
    const page = await open([talk]);
    page.querySelector<HTMLElement>(".talk-of")?.click();
    await desk.drawn();
    expect(page.querySelector("narthex-conversation")).not.toBeNull();
    window.history.back();
    await desk.drawn();
    expect(page.chosen).toBe("");
    expect(page.querySelector("narthex-conversation")).toBeNull();
  });

  it("sends by Enter, but not by the one with which an input method takes a word", async () => {
    const page = await open([talk]);
    button(page, "Maria").click();
    await desk.drawn();
    const box = page.querySelector("#write") as HTMLTextAreaElement;
    box.value = "祈り";
    const enter = async (more: object) => {
      const event = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true });
      for (const [name, value] of Object.entries(more)) Object.defineProperty(event, name, { value });
      box.dispatchEvent(event);
      await desk.drawn();
      return desk.socket.pushed.filter((frame) => frame.event === "message.send").length;
    };
    expect(await enter({ isComposing: true })).toBe(0);
    expect(await enter({ keyCode: 229 })).toBe(0); // as Safari tells it
    expect(await enter({})).toBe(1);
  });

  it("sends words under an id of their own, and keeps them in the box when they are refused", async () => {
    const page = await open([talk]);
    button(page, "Maria").click();
    await desk.drawn();
    await submit(page, { write: "We pray" }, ".composer");
    expect(desk.socket.pushed.at(-1)).toMatchObject({ event: "message.send", data: { body: "We pray" } });
    expect(page.querySelector(".unsent")?.textContent).toContain("We pray");
    desk.socket.event("chat:r1", "message.posted", {
      ...message(1, "p1", "We pray"),
      id: desk.socket.pushed.at(-1)?.id,
    });
    await desk.drawn();
    expect(page.querySelector(".unsent")).toBeNull();
    PlayedSocket.refuse = "room_closed";
    await submit(page, { write: "Are you there?" }, ".composer");
    await desk.drawn();
    expect(page.querySelector(".alert")?.textContent).toBe(words.codes.room_closed);
    expect((page.querySelector("#write") as HTMLTextAreaElement).value).toBe("Are you there?");
  });

  it("lets nobody write before a second adult is there", async () => {
    const lonely = { ...talk, needs_second: true, minor: true };
    const page = await open([lonely], ["prayer_team"], () => {
      PlayedSocket.snapshots["care:s1"] = { session: lonely, place: null };
    });
    button(page, "Maria").click();
    await desk.drawn();
    expect(page.textContent).toContain(words.needsSecond);
    expect((page.querySelector("#write") as HTMLTextAreaElement).disabled).toBe(true);
    desk.socket.event("care:s1", "care.changed", { ...talk, version: 3, second: "Paul" });
    await desk.drawn();
    expect((page.querySelector("#write") as HTMLTextAreaElement).disabled).toBe(false);
    expect(page.textContent).toContain(words.with("Ruth, Paul"));
  });

  it("says that words of need were found", async () => {
    const page = await open([talk]);
    button(page, "Maria").click();
    desk.socket.event("me:p1", "alarm.raised", {
      id: "a1",
      kind: "self_harm",
      about: "care",
      at: talk.asked_at,
      subject: "s1",
    });
    await desk.drawn();
    expect(page.querySelector("narthex-conversation .alert")?.textContent).toBe(words.crisis);
    expect(page.querySelector(".danger-help")?.textContent).toContain("988");
  });

  it("shows at once what a colleague hands over, and calls until one looks", async () => {
    const page = await open();
    const alarms = await desk.show<NarthexAlarms>("narthex-alarms");
    desk.church.on("GET care/mine", [talk]);
    desk.socket.event("me:p1", "care.given", { id: "s1" });
    await desk.drawn();
    expect(alarms.querySelector(".given")?.textContent).toContain(queueWords.en.given);
    const looked = vi.fn();
    alarms.addEventListener("look-at", looked);
    button(page, "Maria").click();
    await desk.drawn();
    expect(alarms.querySelector(".given")).toBeNull();
    desk.socket.event("me:p1", "care.given", { id: "s9" });
    await desk.drawn();
    button(alarms, queueWords.en.go).click();
    expect(looked.mock.calls[0]?.[0].alarm).toEqual({ about: "care", subject: "s9" });
    await desk.drawn();
    expect(alarms.querySelector(".given")).toBeNull();
  });

  it("sounds when somebody new waits, once for each, while one is on duty and has switched it on", async () => {
    let heard = 0;
    vi.stubGlobal(
      "AudioContext",
      class {
        constructor() {
          heard += 1;
        }
        destination = null;
        createGain = () => ({ gain: {}, connect: () => {} });
        createOscillator = () => ({ frequency: {}, connect: () => {}, start: () => {}, stop: () => {} });
      },
    );
    const page = await open();
    desk.church.on("POST rota/here", { here: [], planned: [] });
    await desk.show<NarthexAlarms>("narthex-alarms");
    const waits = async (id: string) => {
      const care = { id: `s-${id}`, name: "Eva", language: "en", topic: "", minor: false };
      desk.socket.event(
        "queue:care",
        "case.changed",
        waitingCase(id, { kind: "care", team: "care", subject: care.id, request: null, care }),
      );
      await desk.drawn();
    };
    page.querySelector<HTMLInputElement>(".sound input")?.click();
    expect(heard).toBe(1); // so that one knows it
    await waits("c3");
    expect(heard).toBe(1);
    page.querySelector<HTMLInputElement>("[role=switch]")?.click();
    await desk.drawn();
    expect(heard).toBe(2);
    await waits("c4");
    await waits("c4");
    expect(heard).toBe(3);
  });

  it("hands over to somebody, and ends after a second press", async () => {
    const page = await open([talk]);
    desk.church.on("POST care/sessions/s1/hand-over", {}).on("POST care/sessions/s1/end", {});
    button(page, "Maria").click();
    await desk.drawn();
    button(page, words.end).click();
    await desk.drawn();
    expect(desk.church.of("POST care/sessions/s1/end")).toEqual([]);
    button(page, words.endGo).click();
    await desk.drawn();
    expect(desk.church.of("POST care/sessions/s1/end")).toHaveLength(1);
    button(page, words.handOver).click();
    await desk.drawn();
    (page.querySelector("#to") as HTMLSelectElement).value = "p2";
    page.querySelector("form.ask")?.dispatchEvent(new Event("submit", { cancelable: true }));
    await desk.drawn();
    expect(desk.church.of("POST care/sessions/s1/hand-over")[0]?.body).toEqual({ to: "p2" });
    expect(page.textContent).toContain(words.handedOver);
  });

  it("keeps a conversation on the screen that the other side has left", async () => {
    const page = await open([talk]);
    button(page, "Maria").click();
    await desk.drawn();
    desk.socket.event("care:s1", "care.changed", { ...talk, version: 3, state: "left" });
    await desk.drawn();
    expect(page.textContent).toContain(words.left);
    button(page, words.close).click();
    await desk.drawn();
    expect(page.querySelector("narthex-conversation")).toBeNull();
  });

  it("notes what is to be done, ticks it off, and takes that back", async () => {
    const task = {
      id: "t1",
      version: 1,
      title: "Call Maria",
      note: "",
      session: null,
      request: null,
      assigned_to: null,
      assigned_name: "Paul",
      due_on: "2026-03-03",
      done: false,
      done_by: "",
    };
    const page = await open();
    desk.church
      .on(
        "GET care/tasks",
        { items: [task], next: null },
        { items: [task], next: null },
        { items: [], next: null },
      )
      .on("POST care/tasks", task)
      .on("POST care/tasks/t1/done", task)
      .on("DELETE care/tasks/t1/done", task);
    button(page, words.tabs.tasks).click();
    await desk.drawn();
    expect(page.querySelector(".list")?.textContent).toContain("for Paul · until Mar 3, 2026");
    await submit(page, { title: "Call Maria", due: "2026-03-03" }, ".new-task");
    expect(desk.church.of("POST care/tasks")[0]?.body).toMatchObject({
      title: "Call Maria",
      due_on: "2026-03-03",
      session: null,
    });
    await desk.drawn();
    button(page, words.tick).click();
    await desk.drawn();
    expect(page.querySelector(".empty")?.textContent).toBe(words.noTasks);
    button(page, "Undo").click();
    await desk.drawn();
    expect(desk.church.of("DELETE care/tasks/t1/done")).toHaveLength(1);
  });

  it("shows leaders that people prayed, and opens kept words for a reason", async () => {
    const row = {
      id: "s9",
      version: 4,
      state: "ended",
      language: "en",
      words: "keep",
      asked_at: talk.asked_at,
      first: "Ruth",
      words_left: true,
    };
    const page = await open([], ["pastor"]);
    desk.church
      .on("GET care/sessions", { items: [row], next: null })
      .on("POST care/sessions/s9/open", { lines: [{ at: talk.asked_at, name: "Maria", body: "Thank you" }] });
    button(page, words.tabs.past).click();
    await desk.drawn();
    expect(page.textContent).not.toContain("Thank you");
    button(page, words.openWords).click();
    await desk.drawn();
    await submit(page, { why: "Asked for by the safeguarding lead" }, "form.editor");
    await desk.drawn();
    expect(page.querySelector(".talk")?.textContent).toContain("Thank you");
  });

  it("does not show a volunteer what leaders see", async () => {
    const page = await open();
    const tabs = [...page.querySelectorAll<HTMLElement>("[data-tab]")].map(({ dataset }) => dataset.tab);
    expect(tabs).toEqual(["desk", "tasks", "phrases"]);
  });

  it("replaces the rules over their version, and shows what somebody else changed", async () => {
    const page = await open([], ["owner"]);
    const rules = {
      open: true,
      words: "erase",
      keep_days: 30,
      two_adults: "minors",
      minors: "allow",
      patience_seconds: 300,
      promise: "",
    };
    const answer = (version: string, body: object) => () =>
      Response.json(body, { headers: { ETag: version } });
    desk.church
      .on("GET care/settings", answer('"v1"', rules), answer('"v2"', { ...rules, keep_days: 7 }))
      .on("PUT care/settings", problem(412, "precondition_failed"), answer('"v3"', rules));
    button(page, words.tabs.settings).click();
    await desk.drawn();
    await submit(page, {}, ".rules");
    await desk.drawn();
    expect(page.querySelector(".alert")?.textContent).toBe(words.settingsChanged);
    expect((page.querySelector("#keep_days") as HTMLInputElement).value).toBe("7");
    await submit(page, {}, ".rules");
    await desk.drawn();
    expect(page.querySelector(".notice")?.textContent).toBe("Saved.");
  });

  it("keeps saved replies", async () => {
    const page = await open();
    const phrase = {
      id: "f1",
      version: 1,
      title: "We pray",
      body: "We pray with you",
      scripture: "",
      language: "en",
    };
    desk.church
      .on("GET moderation/replies", [], [phrase], [])
      .on("POST moderation/replies", phrase)
      .on("DELETE moderation/replies/f1", null);
    button(page, words.tabs.phrases).click();
    await desk.drawn();
    await submit(page, { title: "We pray", body: "We pray with you" });
    await desk.drawn();
    expect(page.querySelector(".list")?.textContent).toContain("We pray with you");
    button(page, "Throw away").click();
    await desk.drawn();
    expect(page.querySelector(".undo-bar")?.textContent).toContain("We pray");
  });
});
