/** A page that stays open: what comes after the gathering, and what becomes of it when the church or a host keeps it out. */

import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Chat } from "./chat";
import type { Page } from "./page";
import { ChurchInMemory, ROOM } from "./testing/church";
import { dial } from "./testing/dial";

vi.setConfig({ testTimeout: 30_000 });

let church: ChurchInMemory;
let chat: Chat;
let page: Page;

beforeEach(async () => {
  dial();
  localStorage.clear();
  sessionStorage.clear();
  church = new ChurchInMemory();
  const host = await church.start();
  page = {
    church: { slug: "grace", name: "Grace", status: "active" },
    sites: [],
    theme: {},
    texts: {},
    consent: { version: "1", url: "" },
    now: { current: church.gathering, next: null },
    room: church.room,
    api: `http://${host}/api/v1/grace`,
    live: `ws://${host}/live/grace`,
  };
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(async () => {
  chat.live.stop();
  vi.useRealTimers();
  await church.stop();
  vi.unstubAllGlobals();
});

/** Wait while the minutes of the page pass quickly. */
async function until(check: () => unknown): Promise<void> {
  for (let look = 0; !check(); look++) {
    if (look > 2_000) throw new Error("it did not come true");
    await pause(5);
    vi.advanceTimersByTime(200);
  }
}
const bodies = () => [...chat.room.timeline.backwards()].map(({ message }) => message.body).reverse();

async function enterAs(name: string): Promise<void> {
  chat = new Chat(page);
  await chat.start();
  await chat.signIn(name);
  await until(() => chat.joined && church.seats.size === 1 && [...church.seats][0]?.person);
}

describe("the next gathering", () => {
  it("is reached by a page that stayed open over the close of the one before", async () => {
    church.seed(church.guest("Ruth"), "goodbye", Date.now());
    await enterAs("Anna");
    church.follow("Evening prayer");
    await until(() => chat.room.shown?.id === church.room.id && chat.joined);
    expect(chat.gathering?.title).toBe("Evening prayer");
    expect(bodies()).toEqual([]);
    chat.post("good evening", null, []);
    await until(() => bodies().includes("good evening"));
  });

  it("begins with nothing of the room before it: what was read, given, and who was there", async () => {
    const ruth = church.guest("Ruth");
    const hello = church.seed(ruth, "hello", Date.now());
    church.readTo = 1;
    await enterAs("Anna");
    await until(() => chat.readBefore === 1);
    await chat.react(hello, "🙏");
    church.follow("Evening prayer");
    church.guests.clear();
    await until(() => chat.room.shown?.id === church.room.id && chat.joined);
    expect([chat.room.readTo, chat.readBefore, chat.room.given.size]).toEqual([0, 0, 0]);
    expect([...chat.room.people.values()].map(({ name }) => name)).not.toContain("Ruth");
  });

  it("does not get what was meant for the last one, which is kept and says why", async () => {
    await enterAs("Anna");
    church.silent = true;
    church.refuse = { code: "slow_mode", detail: "", retry_after: 3_600 };
    chat.post("amen to that", null, []);
    await until(() => chat.outbox.items[0]?.state === "later");
    church.refuse = null;
    church.follow("Evening prayer");
    await until(() => chat.room.shown?.id === church.room.id && chat.joined);
    expect(chat.outbox.items[0]).toMatchObject({
      body: "amen to that",
      state: "failed",
      code: "room_closed",
    });
    expect(church.messages).toEqual([]);
    church.silent = false;
    chat.retry(chat.outbox.items[0]?.id ?? "");
    await until(() => bodies().includes("amen to that"));
  });
});

describe("a church that is paused", () => {
  it("while people chat says so, and goes on by itself once it is resumed", async () => {
    await enterAs("Anna");
    church.suspend(true);
    await until(() => chat.stage === "suspended");
    church.suspend(false);
    await until(() => chat.stage === "room" && chat.joined);
    chat.post("here again", null, []);
    await until(() => bodies().includes("here again"));
  });

  it("and goes on before anybody looked costs nobody their place", async () => {
    await enterAs("Anna");
    const [before] = church.seats;
    church.close(4501, "not allowed in");
    await vi.waitUntil(() => church.seats.size === 0);
    await pause(50);
    vi.advanceTimersByTime(4_500); // long before the page looks again what is on
    await vi.waitUntil(() => [...church.seats].some((seat) => seat !== before && seat.person));
    await until(() => chat.connection.kind === "online" && chat.joined);
    expect(chat.stage).toBe("room");
  });

  it("before the page was opened does the same", async () => {
    church.suspended = true;
    chat = new Chat({ ...page, church: { ...page.church, status: "suspended" } });
    await chat.start();
    expect(chat.stage).toBe("suspended");
    church.suspended = false;
    await until(() => chat.joined);
  });
});

describe("a page that could not learn what is on", () => {
  it.each([
    ["an answer broke off", () => Promise.resolve(new Response('{"current": {', { status: 200 }))],
    ["of a fault of our own", () => Promise.resolve(new Response("null"))],
  ])("because %s looks again", async (_, answer) => {
    const { now, room, ...bare } = page;
    const fetched = globalThis.fetch;
    vi.stubGlobal("fetch", answer);
    chat = new Chat(bare);
    await chat.start().catch(() => undefined);
    expect(chat.stage).toBe("failed");
    vi.stubGlobal("fetch", fetched);
    await until(() => chat.stage === "room" && chat.joined);
  });
});

describe("somebody kept out", () => {
  it("may ask again, and is in once the ban is undone", async () => {
    await enterAs("Anna");
    church.close(4504, "banned");
    await until(() => chat.connection.kind === "ended");
    chat.again();
    await until(() => chat.joined && chat.connection.kind === "online");
    expect(chat.stage).toBe("room");
  });

  it("of the room alone may ask again too", async () => {
    await enterAs("Anna");
    for (const { socket } of church.seats)
      socket.send(JSON.stringify({ type: "left", topic: `chat:${ROOM}`, code: "banned" }));
    await until(() => chat.stage === "failed");
    expect(chat.why).toBe("banned");
    chat.again();
    await until(() => chat.stage === "room" && chat.joined);
    expect(chat.why).toBe("");
  });
});

describe("a visitor whom the website vouches for", () => {
  it("is called what the church calls them, and what waited for a name goes out", async () => {
    church.vouched.set("jwt", church.guest("Ruth Abara"));
    chat = new Chat(page);
    await chat.start();
    await until(() => chat.joined);
    chat.post("before my name was known", null, []);
    expect(chat.outbox.items[0]?.state).toBe("unsigned");
    await chat.vouched("jwt");
    await until(() => bodies().includes("before my name was known"));
    expect(chat.session.person?.name).toBe("Ruth Abara");
    expect([chat.naming, chat.outbox.items.length]).toEqual([null, 0]);
  });

  it("is not called what somebody else was who sat here before", async () => {
    await enterAs("Anna");
    const ruth = church.guest("Ruth Abara");
    church.vouched.set("jwt", ruth);
    const names: (string | undefined)[] = [];
    chat.changed = () => {
      if (chat.session.person?.id === ruth.id) names.push(chat.session.person.name);
    };
    await chat.vouched("jwt");
    expect(chat.session.person?.name).toBe("");
    await until(() => chat.session.person?.name === "Ruth Abara");
    expect(names).not.toContain("Anna");
  });

  it("keeps their name when they are vouched for again, and follows when the church changes it", async () => {
    const ruth = church.guest("Ruth Abara");
    church.vouched.set("jwt", ruth);
    chat = new Chat(page);
    await chat.start();
    await until(() => chat.joined);
    await chat.vouched("jwt");
    await until(() => chat.session.person?.name === "Ruth Abara");
    await chat.vouched("jwt");
    expect(chat.session.person?.name).toBe("Ruth Abara");
    ruth.name = "Ruth Miller";
    church.cut();
    await until(() => chat.session.person?.name === "Ruth Miller");
  });
});
