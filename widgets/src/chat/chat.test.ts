import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HttpError } from "../core/http";
import { Chat } from "./chat";
import type { Page } from "./page";
import { ChurchInMemory, ROOM } from "./testing/church";
import { dial, nodeFetch } from "./testing/dial";

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
    api: `http://${host}/api/v1/grace`,
    live: `ws://${host}/live/grace`,
  };
});
afterEach(async () => {
  chat.live.stop();
  await church.stop();
  vi.unstubAllGlobals();
});

const until = (check: () => unknown) => vi.waitUntil(check, { timeout: 5_000, interval: 5 });
const bodies = () => [...chat.room.timeline.backwards()].map(({ message }) => message.body).reverse();

async function enter(): Promise<void> {
  chat = new Chat(page);
  await chat.start();
  await until(() => chat.joined);
}

/** Come in as somebody whose name is known. */
async function enterAs(name: string): Promise<void> {
  await enter();
  await chat.signIn(name);
  await until(() => chat.joined && church.seats.size === 1 && [...church.seats][0]?.person);
}

describe("coming in", () => {
  it("shows the room of what is on, and needs no name", async () => {
    church.seed(church.guest("Ruth"), "hello", Date.now());
    await enter();
    expect(chat.stage).toBe("room");
    expect(bodies()).toEqual(["hello"]);
    expect(chat.session.person).toBeNull();
  });

  it("says that nothing is planned, and that a church is resting", async () => {
    church.gathering = {
      ...church.gathering,
      opens_at: "2020-01-01T00:00:00Z",
      closes_at: "2020-01-01T01:00:00Z",
    };
    church.room = { ...church.room, kind: "hosts" };
    chat = new Chat(page);
    await chat.start();
    expect(chat.stage).toBe("nothing");
    chat.live.stop();
    chat = new Chat({ ...page, church: { ...page.church, status: "suspended" } });
    await chat.start();
    expect(chat.stage).toBe("suspended");
  });

  it("shows the room that has just closed when nothing else is near", async () => {
    const over = { opens_at: "2020-01-01T00:00:00Z", closes_at: "2020-01-01T01:00:00Z" };
    church.gathering = { ...church.gathering, ...over };
    church.room = { ...church.room, ...over };
    church.seed(church.guest("Ruth"), "goodbye", Date.now());
    await enter();
    expect(bodies()).toEqual(["goodbye"]);
  });

  it("sets a clock that is wrong by a day right", async () => {
    church.ahead = -86_400_000;
    await enter();
    expect(Math.abs(chat.now - (Date.now() - 86_400_000))).toBeLessThan(5_000);
  });
});

describe("my words", () => {
  it("wait for my name, and go out once I gave it", async () => {
    await enter();
    chat.post("first words", null, []);
    expect(chat.naming).toEqual({ why: "send" });
    expect(chat.outbox.items[0]?.state).toBe("unsigned");
    await chat.signIn("Anna");
    await until(() => bodies().includes("first words"));
    expect(chat.outbox.items).toEqual([]);
    expect(chat.naming).toBeNull();
    expect(church.messages).toHaveLength(1);
  });

  it("are sent once though the answer was lost", async () => {
    await enterAs("Anna");
    church.silent = true;
    chat.post("once", null, []);
    await until(() => church.messages.length === 1);
    church.silent = false;
    church.cut();
    await until(() => chat.joined && chat.outbox.items.length === 0);
    expect(church.messages.map(({ body }) => body)).toEqual(["once"]);
    expect(bodies()).toEqual(["once"]);
  });

  it("are kept through a reload, and sent then", async () => {
    await enterAs("Anna");
    church.refuse = { code: "unavailable", detail: "" };
    chat.post("kept", null, []);
    await until(() => chat.outbox.items[0]?.state === "failed");
    chat.live.stop();
    church.refuse = null;
    await enter();
    expect(chat.outbox.items[0]).toMatchObject({ body: "kept", state: "failed" });
    chat.retry(chat.outbox.items[0]?.id ?? "");
    await until(() => bodies().includes("kept"));
  });

  it("say why they were not taken, and can be sent again or let go", async () => {
    await enterAs("Anna");
    church.refuse = { code: "word_refused", detail: "" };
    chat.post("rude", null, []);
    await until(() => chat.outbox.items[0]?.state === "failed");
    expect(chat.outbox.items[0]?.code).toBe("word_refused");
    chat.discard(chat.outbox.items[0]?.id ?? "");
    expect(chat.outbox.items).toEqual([]);
  });

  it("pause in slow mode and go out by themselves", async () => {
    await enterAs("Anna");
    church.refuse = { code: "slow_mode", detail: "", retry_after: 0.05 };
    chat.post("patience", null, []);
    await until(() => chat.outbox.items[0]?.state === "later");
    church.refuse = null;
    await until(() => bodies().includes("patience"));
  });

  it("ask for another name when somebody else has mine", async () => {
    await enterAs("Anna");
    church.refuse = { code: "name_taken", detail: "" };
    chat.post("hello", null, []);
    await until(() => chat.naming);
    expect(chat.naming).toEqual({ why: "send", code: "name_taken" });
    expect(chat.outbox.items[0]?.state).toBe("unsigned");
  });

  it("go out under another name at once when somebody else had the first", async () => {
    church.reserved = "Ruth";
    await enterAs("Ruth");
    chat.post("hello", null, []);
    await until(() => chat.naming);
    await chat.signIn("Ruth M");
    await until(() => bodies().includes("hello"));
    expect(chat.naming).toBeNull();
  });

  it("ask once more when the other name is somebody else's too", async () => {
    church.reserved = "Ruth";
    await enterAs("Ruth");
    chat.post("hello", null, []);
    await until(() => chat.naming);
    await chat.signIn("Ruth");
    await until(() => chat.naming);
    expect(chat.naming).toEqual({ why: "send", code: "name_taken" });
  });

  it("get another id when theirs is somebody else's", async () => {
    await enterAs("Anna");
    church.refuse = { code: "id_taken", detail: "" };
    chat.post("hello", null, []);
    const first = chat.outbox.items[0]?.id;
    await until(() => chat.outbox.items[0]?.id !== first);
    church.refuse = null;
    await until(() => bodies().includes("hello"));
  });
});

describe("reading", () => {
  it("goes back by pages until the beginning", async () => {
    const ruth = church.guest("Ruth");
    for (let i = 1; i <= 120; i++) church.seed(ruth, `line ${i}`, Date.now() - 1_000_000 + i);
    await enter();
    expect(chat.room.timeline.size).toBe(50);
    await Promise.all([chat.more("older"), chat.more("older")]);
    expect(chat.room.timeline.size).toBe(100);
    await chat.more("older");
    expect(bodies()).toHaveLength(120);
    expect(chat.room.timeline.older).toBe(false);
  });

  it("says that a page could not be had, and tries again when asked", async () => {
    const ruth = church.guest("Ruth");
    for (let i = 1; i <= 60; i++) church.seed(ruth, `line ${i}`, Date.now());
    await enter();
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("network")));
    await chat.more("older");
    expect(chat.paging.older).toBe("failed");
    vi.stubGlobal("fetch", nodeFetch);
    await chat.more("older");
    expect(chat.paging).toEqual({});
    expect(chat.room.timeline.size).toBe(60);
  });

  it("reaches a message far away, and comes back to the newest", async () => {
    const ruth = church.guest("Ruth");
    for (let i = 1; i <= 300; i++) church.seed(ruth, `line ${i}`, Date.now());
    await enter();
    expect(await chat.reach(church.messages[9]?.id ?? "")).toBe(true);
    expect(chat.room.timeline.newer).toBe(true);
    church.say(ruth, "meanwhile");
    await until(() => chat.room.newest === 301);
    expect(bodies()).not.toContain("meanwhile");
    await chat.newest();
    expect(bodies().at(-1)).toBe("meanwhile");
    expect(await chat.reach("00000000-0000-4000-8000-000000000000")).toBe(false);
  });

  it("tells the server how far, now and then", async () => {
    church.seed(church.guest("Ruth"), "one", Date.now());
    await enterAs("Anna");
    chat.seen(1);
    await until(() => church.readTo === 1);
  });
});

describe("together", () => {
  it("reacts at once and takes it back when it was refused", async () => {
    const hello = church.seed(church.guest("Ruth"), "hello", Date.now());
    await enterAs("Anna");
    const asked = chat.react(hello, "🙏");
    expect(chat.room.reactions.get(hello.id)?.totals["🙏"]).toBe(1);
    expect(await asked).toBeNull();
    expect(church.reactions.get(hello.id)).toEqual({ "🙏": 1 });
    church.cut();
    await until(() => !chat.joined);
  });

  it("edits and removes, and says what is against it", async () => {
    await enterAs("Anna");
    chat.post("teh words", null, []);
    await until(() => bodies().includes("teh words"));
    const id = church.messages[0]?.id ?? "";
    expect(await chat.edit(id, "the words")).toBeNull();
    await until(() => bodies().includes("the words"));
    expect(await chat.remove(id)).toBeNull();
    await until(() => chat.room.timeline.get(id)?.state === "removed");
  });

  it("bring a card when a need was found in them, also by an edit", async () => {
    await enterAs("Anna");
    chat.post("hello", null, []);
    await until(() => bodies().includes("hello"));
    const id = church.messages[0]?.id ?? "";
    church.need = "self_harm";
    expect(await chat.edit(id, "words of need")).toBeNull();
    expect(chat.card).toBe("self_harm");
  });

  it("bring it once when they are refused, however often they are sent", async () => {
    await enterAs("Anna");
    const extra = { card: "self_harm" };
    church.refuse = { code: "slow_mode", detail: "", retry_after: 0.05, extra };
    chat.post("words of need", null, []);
    await until(() => chat.card === "self_harm");
    chat.card = ""; // shown
    church.refuse = { code: "room_locked", detail: "", extra };
    await until(() => chat.outbox.items[0]?.state === "failed");
    expect(chat.card).toBe("");
    chat.post("other words of need", null, []);
    await until(() => chat.card === "self_harm");
  });

  it("bring it also when they were left for the hosts and refused", async () => {
    await enterAs("Anna");
    const refused = new HttpError(422, "word_refused", "", null, [], "abuse");
    vi.spyOn(chat.api, "leaveWord").mockRejectedValue(refused);
    expect(await chat.leaveWord("n1", "words of need")).toBe("word_refused");
    expect(chat.card).toBe("abuse");
  });

  it("knows a ban for what it is", async () => {
    await enterAs("Anna");
    church.close(4504, "banned");
    await until(() => chat.connection.kind === "ended");
    expect(chat.connection).toMatchObject({ code: 4504 });
    chat.post("still here?", null, []);
    await until(() => chat.outbox.items[0]?.state === "failed");
    expect(chat.outbox.items[0]?.body).toBe("still here?");
  });

  it("follows the room it is in", async () => {
    await enter();
    church.changeRoom({ locked: true });
    await until(() => chat.room.shown?.locked);
    expect(chat.room.shown?.id).toBe(ROOM);
  });
});
