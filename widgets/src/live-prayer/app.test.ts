/** One-to-one prayer as who asked for it sees it, when the connection, the church or the other side does not do as hoped. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { dial } from "../chat/testing/dial";
import type { Bridge } from "../core/bridge";
import type { CareSessionShown, MessageShown, Tokens } from "../core/generated";
import type { Page } from "../core/page";
import { type Peer, ScriptedServer } from "../core/testing/scripted";
import { Visitor } from "../core/visitor";
import { NarthexLivePrayerApp } from "./app";
import { NarthexConcern } from "./concern";
import { speak } from "./speech";
import { en } from "./words/en";

customElements.define("narthex-concern", NarthexConcern);
customElements.define("narthex-live-prayer-app", NarthexLivePrayerApp);

const waiting: CareSessionShown = {
  id: "s1",
  version: 1,
  state: "waiting",
  name: "Anna",
  language: "en",
  topic: "",
  words: "erase",
  asked_at: "2026-03-01T10:00:00Z",
};
const active: CareSessionShown = { ...waiting, version: 2, state: "active", room: "r", first: "Ruth" };
const message = (number: number, author = "ruth"): MessageShown => ({
  id: `m${number}`,
  room: "r",
  number,
  at: "2026-03-01T10:00:00Z",
  author: { id: author, kind: "person", name: author },
  body: `words ${number}`,
});
const tokens: Tokens = {
  access_token: "a",
  refresh_token: "r",
  expires_in: 600,
  id: "anna",
  token_type: "Bearer",
};

let server: ScriptedServer;
let app: NarthexLivePrayerApp;
let visitor: Visitor;
let current: CareSessionShown | null;
let answers: Record<string, () => Response>; // by path, instead of what is usual
let asked: string[];
let unread: number[];
let hidden: boolean;

beforeEach(async () => {
  dial();
  localStorage.clear();
  sessionStorage.clear();
  [current, answers, asked, unread, hidden] = [waiting, {}, [], [], false];
  vi.spyOn(document, "hidden", "get").mockImplementation(() => hidden);
  document.title = "Pray with somebody";
  vi.stubGlobal("fetch", async (url: string) => {
    const path = url.replace("/api/v1/grace", "");
    asked.push(path);
    const usual: Record<string, unknown> = {
      "/care/current": current,
      "/care/ask": waiting,
      "/care/offer": { open: true, words: "erase", languages: ["en"], wait_seconds: null },
    };
    return answers[path]?.() ?? Response.json(path in usual ? usual[path] : {});
  });
  server = await ScriptedServer.start();
  visitor = new Visitor({
    api: "/api/v1/grace",
    live: server.url,
    church: { slug: "grace", name: "Grace", status: "active" },
    consent: { version: "1", url: "" },
  } as Page);
  visitor.session.adopt(tokens, "Anna");
});
afterEach(async () => {
  app.remove();
  await server.stop();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const problem = (status: number, code: string) => () => Response.json({ code, detail: "" }, { status });
const text = () => app.textContent ?? "";
const says = (words: string) => vi.waitFor(() => expect(text()).toContain(words));
const press = (label: string) =>
  [...app.querySelectorAll("button")].find((button) => button.textContent === label)?.click();

async function show(): Promise<void> {
  app = new NarthexLivePrayerApp();
  const send = (told: { type: string; count?: number }) =>
    told.type === "unread" && unread.push(told.count ?? 0);
  Object.assign(app, { visitor, speech: await speak(["en"], {}), bridge: { send } as unknown as Bridge });
  document.body.append(app);
}

/** Open the page of somebody who waits as number two. */
async function wait(): Promise<Peer> {
  await show();
  const peer = await server.peer();
  await place(peer, 2);
  return peer;
}
async function place(peer: Peer, at: number): Promise<void> {
  await peer.open(["1.0", 1], { session: current, place: { place: at, wait_seconds: null, form: false } });
  await says(`You are number ${at}.`);
}

function tell(peer: Peer, topic: string, event: string, seq: number, data: unknown): void {
  peer.say({ type: "event", topic, seq, event, at: "", data });
}
/** Somebody of the team comes. */
async function comes(peer: Peer): Promise<void> {
  current = active;
  tell(peer, "care:s1", "care.changed", 2, active);
  const join = await peer.next("join");
  expect(join.topic).toBe("chat:r");
  peer.ok(join.ref, { epoch: "1.0", seq: 1, recovered: false, snapshot: { messages: [] } });
  await says("Ruth is with you");
}
function look(away: boolean): void {
  hidden = away;
  document.dispatchEvent(new Event("visibilitychange"));
}

describe("who waits", () => {
  it.each([
    [4503, en.lost],
    [4504, en.error_banned],
  ])("is told that the connection is over (%i), and comes in again when they try", async (code, sentence) => {
    const peer = await wait();
    peer.close(code, "over");
    await says(sentence);
    expect(text()).not.toContain("You are number");
    press(en.retry);
    await place(await server.peer(), 3);
    expect(text()).not.toContain(sentence);
  });

  it("is told that the church takes a break, and goes on by themselves after it", async () => {
    const peer = await wait();
    answers["/care/current"] = problem(503, "church_suspended");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    peer.close(4501, "not allowed in");
    await vi.waitUntil(() => text().includes("Grace takes a break here"));
    answers = {};
    vi.advanceTimersByTime(30_000);
    vi.useRealTimers();
    await place(await server.peer(), 2);
  });

  it("does not knock again and again where the socket alone refuses them", async () => {
    const peer = await wait();
    peer.close(4501, "not allowed in");
    await says(en.lost);
    await vi.waitUntil(() => asked.filter((path) => path === "/care/current").length === 2);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(asked.filter((path) => path === "/care/current")).toHaveLength(2);
    expect(server.connections).toBe(1);
    expect(text()).toContain(en.lost);
  });

  it("goes on by themselves where the socket alone had refused them", async () => {
    const peer = await wait();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    peer.close(4501, "not allowed in");
    await vi.waitUntil(() => text().includes(en.lost));
    vi.advanceTimersByTime(4_500);
    const again = await server.peer();
    await again.next("hello");
    again.close(4501, "not allowed in");
    for (let passed = 0; server.connections < 3 && passed < 200; passed++) {
      await new Promise((resolve) => setImmediate(resolve));
      vi.advanceTimersByTime(10_000);
    }
    vi.useRealTimers();
    await place(await server.peer(), 2);
    expect(text()).not.toContain(en.lost);
  });

  it("is shown what is there by a page that was opened in a break", async () => {
    visitor.page.church.status = "suspended";
    current = null;
    answers["/care/current"] = answers["/care/offer"] = problem(503, "church_suspended");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    await show();
    await vi.waitUntil(() => text().includes("Grace takes a break here"));
    await vi.waitUntil(() => vi.getTimerCount() > 0);
    answers = {};
    vi.advanceTimersByTime(60_000);
    vi.useRealTimers();
    await vi.waitFor(() => expect(app.querySelector("form")).not.toBeNull());
  });

  it("is told when the topic is closed to them, and may try again", async () => {
    await show();
    const peer = await server.peer();
    await peer.next("hello");
    peer.welcome();
    peer.no((await peer.next("join")).ref, "no_such_session");
    await says(en.lost);
    press(en.retry);
    const { ref, topic } = await peer.next("join");
    expect(topic).toBe("care:s1");
    peer.ok(ref, {
      epoch: "1.0",
      seq: 1,
      recovered: false,
      snapshot: { session: waiting, place: { place: 2, form: false } },
    });
    await says("You are number 2.");
  });

  it("gets the form anew when nobody knows of them any more", async () => {
    const peer = await wait();
    current = null;
    peer.close(4503, "over");
    await says(en.lost);
    press(en.retry);
    await vi.waitFor(() => expect(app.querySelector("#topic")).not.toBeNull());
    current = waiting;
    app.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true }));
    await place(await server.peer(), 2); // though the connection before ended for good
  });

  it("whose session has ended is nobody, and is asked for a name again", async () => {
    answers["/care/current"] = problem(401, "session_ended");
    answers["/auth/refresh"] = problem(401, "session_ended");
    await show();
    await vi.waitFor(() => expect(app.querySelector("#nickname")).not.toBeNull());
    expect(visitor.session.person).toBeNull();
  });

  it("may ask again after an answer that broke off", async () => {
    current = null;
    answers["/care/ask"] = () => new Response('{"half', { status: 201 });
    await show();
    await vi.waitFor(() => expect(app.querySelector("form")).not.toBeNull());
    app.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true }));
    await says(en.error_offline);
    expect(app.querySelector<HTMLButtonElement>("form .primary")?.disabled).toBe(false);
  });
});

describe("who looks away", () => {
  it("is called back when somebody comes and speaks, in the title and over the bridge", async () => {
    const peer = await wait();
    look(true);
    await comes(peer);
    expect(document.title).toBe("(1) Pray with somebody");
    tell(peer, "chat:r", "message.posted", 2, message(1));
    await vi.waitUntil(() => unread.at(-1) === 2);
    tell(peer, "chat:r", "message.posted", 3, message(2, "anna")); // my own words, from another window
    await says("words 2");
    expect(unread.at(-1)).toBe(2);
    expect(peer.waiting).toEqual([]); // nothing is read that nobody saw
    look(false);
    expect([unread.at(-1), document.title]).toEqual([0, "Pray with somebody"]);
    const frames = [await peer.next("ping"), await peer.next("push")];
    expect(frames[1]).toMatchObject({ event: "read", data: { number: 2 } });
  });

  it("from the panel is called too, also when they come back to the tab alone", async () => {
    const peer = await wait();
    app.shown(false);
    look(true);
    look(false);
    await comes(peer);
    expect(unread.at(-1)).toBe(1);
    app.shown(true);
    expect(unread.at(-1)).toBe(0);
  });

  it("and comes back, or gets the network back, does not wait for the next try", async () => {
    const peer = await wait();
    window.dispatchEvent(new Event("online"));
    await peer.next("ping");
    look(true);
    look(false);
    await peer.next("ping");
    app.remove();
    const told = unread.length;
    window.dispatchEvent(new Event("online"));
    look(false);
    expect(peer.waiting).toEqual([]);
    expect(unread).toHaveLength(told); // nobody listens any more
  });
});

describe("who talks", () => {
  it("keeps what was said and typed when the connection is over, and goes on with it", async () => {
    const peer = await wait();
    await comes(peer);
    tell(peer, "chat:r", "message.posted", 2, message(1));
    await says("words 1");
    app.words = "half a sen";
    peer.close(4503, "over");
    await says(en.lost);
    expect(text()).toContain("words 1");
    expect(app.querySelector("#words")).toBeNull();
    press(en.retry);
    const again = await server.peer();
    await again.next("hello");
    again.welcome();
    for (const topic of ["care:s1", "chat:r"]) {
      const join = await again.next("join");
      expect(join.topic).toBe(topic);
      again.ok(join.ref, { epoch: "1.0", seq: 2, recovered: true, events: [] });
    }
    await vi.waitFor(() =>
      expect(app.querySelector<HTMLTextAreaElement>("#words")?.value).toBe("half a sen"),
    );
  });

  it("goes into the room again that was closed to them", async () => {
    const peer = await wait();
    await comes(peer);
    peer.say({ type: "left", topic: "chat:r", code: "no_such_room" });
    await says(en.lost);
    press(en.retry);
    expect((await peer.next("join")).topic).toBe("chat:r"); // and the other one is still joined
  });

  it("sees that it is over when it ended while they were away", async () => {
    const peer = await wait();
    await comes(peer);
    current = null;
    peer.close(4503, "over");
    await says(en.lost);
    press(en.retry);
    await says(en.ended);
  });

  it("does not send what an input method has not finished", async () => {
    const peer = await wait();
    await comes(peer);
    app.words = "かな";
    await app.updateComplete;
    const area = app.querySelector("#words") as HTMLTextAreaElement;
    area.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", keyCode: 229 }));
    expect(app.words).toBe("かな");
    area.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", keyCode: 13 }));
    expect((await peer.next("push")).data).toEqual({ body: "かな" });
  });
});
