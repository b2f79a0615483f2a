// @vitest-environment node

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket as Socket } from "ws";
import type { RequestShown, Tokens } from "../core/generated";
import type { Page } from "../core/page";
import { type Peer, ScriptedServer } from "../core/testing/scripted";
import { Asker } from "./page";
import { Wall } from "./wall";

const TOPIC = "wall:public";
const request = (id: string, more: Partial<RequestShown> = {}): RequestShown => ({
  id,
  state: "approved",
  body: `words ${id}`,
  on: "2026-03-01",
  ...more,
});

/** A socket that is closed while it still connects says nothing of it, as in a browser. */
class Dialled extends Socket {
  constructor(url: string, protocol: string) {
    super(url, protocol);
    this.on("error", () => {});
  }
}

let server: ScriptedServer;
let asker: Asker;
let wall: Wall;
let peer: Peer;
let seq: number;
let asked: { url: string; body: unknown }[];

const list = () => wall.list.map(({ id }) => id);
const tell = (data: unknown) => peer.event(TOPIC, ++seq, data);

beforeEach(async () => {
  vi.stubGlobal("WebSocket", Dialled);
  asked = [];
  vi.stubGlobal("localStorage", undefined);
  vi.stubGlobal("window", Object.assign(new EventTarget(), { location: { origin: "http://x" } }));
  vi.stubGlobal("fetch", async (url: string, { body }: RequestInit) => {
    asked.push({ url, body: body && JSON.parse(String(body)) });
    return new Response(JSON.stringify({ prayed: ["one"], following: [] }), { status: 200 });
  });
  server = await ScriptedServer.start();
  asker = new Asker({ api: "http://api/v1/grace", live: server.url, church: { slug: "grace" } } as Page);
  wall = new Wall(asker);
  wall.start();
  peer = await server.peer();
  seq = 2;
  const requests = [request("two", { on: "2026-03-02" }), request("one")];
  await peer.open(["1.0", seq], { requests, prayed: { one: 7 }, older: false });
  await vi.waitUntil(() => wall.shown);
});
afterEach(async () => {
  wall.live.stop();
  await server.stop();
  vi.unstubAllGlobals();
});

describe("a wall", () => {
  it("shows its snapshot, the newest in front, with what is told of counts", () => {
    expect(list()).toEqual(["two", "one"]);
    expect(wall.prayed.get("one")).toBe(7);
    expect(wall.prayed.has("two")).toBe(false);
  });

  it("puts up what is new and takes down what is taken down, at once", async () => {
    tell(request("three", { on: "2026-03-03" }));
    await vi.waitUntil(() => wall.requests.size === 3);
    expect(list()[0]).toBe("three");
    tell({ id: "one", state: "withdrawn" });
    await vi.waitUntil(() => !wall.requests.has("one"));
    expect(wall.prayed.has("one")).toBe(false);
    tell(null); // what was told of it is blanked
    tell(request("two", { state: "answered", testimony: "She is home." }));
    await vi.waitUntil(() => wall.requests.get("two")?.testimony);
  });

  it("keeps the order in which things were put up within a day, also behind what is shown", async () => {
    tell(request("three", { on: "2026-03-02" }));
    tell(request("four", { on: "2026-03-02" }));
    tell(request("two", { on: "2026-03-02", body: "changed" })); // stays where it is
    await vi.waitUntil(() => wall.requests.get("two")?.body === "changed");
    expect(list()).toEqual(["four", "three", "two", "one"]);
    const pages = [
      { items: [request("four", { on: "2026-03-02" }), request("one")], prayed: {}, next: "a" },
      { items: [request("zero"), request("null")], prayed: {}, next: null },
    ];
    vi.stubGlobal("fetch", async () => new Response(JSON.stringify(pages.shift()), { status: 200 }));
    await wall.more(); // the first page holds nothing new
    expect(list()).toEqual(["four", "three", "two", "one", "zero", "null"]);
    expect(wall.older).toBe(false);
    peer.cut();
    const again = await server.peer();
    await again.open(["2.0", 1], { requests: [request("five")], prayed: {}, older: true });
    await vi.waitUntil(() => wall.requests.has("five"));
    expect(list()).toEqual(["five"]); // what came by page may be gone as well
  });

  it("follows totals, and keeps none that is not told", async () => {
    peer.say({ type: "latest", topic: TOPIC, event: "prayed", data: { id: "one", count: 8 } });
    peer.say({ type: "latest", topic: TOPIC, event: "prayed", data: { id: "two", count: null } });
    await vi.waitUntil(() => wall.prayed.get("one") === 8);
    expect(wall.prayed.has("two")).toBe(false);
    peer.say({ type: "latest", topic: TOPIC, event: "prayed", data: { id: "one", count: 7 } }); // counted before, told late
    peer.say({ type: "latest", topic: TOPIC, event: "prayed", data: { id: "two", count: 9 } });
    await vi.waitUntil(() => wall.prayed.get("two") === 9);
    expect(wall.prayed.get("one")).toBe(8);
  });

  it("shows a prayer at once, tells it once however often one taps, and with a mark of this device", async () => {
    const done = Promise.all([wall.pray("one"), wall.pray("one")]);
    expect(wall.mine.has("one")).toBe(true);
    const push = await peer.next("push");
    expect([push.topic, push.event, push.id]).toEqual([TOPIC, "pray", "one"]);
    expect((push.data as { mark: string }).mark).toMatch(/^[\w-]{24}$/);
    peer.ok(push.ref, { id: "one", count: 8 });
    expect(await done).toEqual([null, null]);
    expect(wall.prayed.get("one")).toBe(8);
    expect(peer.waiting).toEqual([]);
  });

  it("takes a prayer back that was refused, and says why", async () => {
    const done = wall.pray("two");
    peer.no((await peer.next("push")).ref, "no_such_request");
    expect(await done).toBe("no_such_request");
    expect(wall.mine.has("two")).toBe(false);
  });

  it("tells a prayer again after a cut, under the same id", async () => {
    const done = wall.pray("one");
    await peer.next("push");
    peer.cut();
    const again = await server.peer();
    await again.next("hello");
    again.welcome();
    const join = await again.next("join");
    again.ok(join.ref, { epoch: "1.0", seq: 2, recovered: true, events: [] });
    const push = await again.next("push");
    expect(push.id).toBe("one");
    again.ok(push.ref, { id: "one", count: 8 });
    expect(await done).toBeNull();
  });

  it("goes on when it is let in again, from where it was", async () => {
    vi.stubGlobal("fetch", async () =>
      Response.json({ code: "church_suspended", detail: "" }, { status: 503 }),
    );
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    peer.close(4501, "not allowed in");
    await vi.waitUntil(() => wall.paused);
    vi.advanceTimersByTime(60_000);
    const second = await server.peer();
    vi.useRealTimers();
    await second.next("hello");
    expect([wall.paused, wall.state.kind]).toEqual([true, "ended"]);
    second.welcome();
    const { ref, after } = await second.next("join");
    expect(after).toEqual(["1.0", 2]);
    second.ok(ref, { epoch: "1.0", seq: 2, recovered: true, events: [] });
    let drawn = "";
    wall.changed = () => {
      drawn = wall.refused || "open";
    };
    await vi.waitUntil(() => wall.refused === "");
    expect(drawn).toBe("open");
    expect(list()).toEqual(["two", "one"]);
  });

  it("is there again soon when it was sent away and nothing is against it any more", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    peer.close(4501, "not allowed in");
    await vi.waitUntil(() => wall.state.kind === "ended");
    vi.advanceTimersByTime(4_500);
    const second = await server.peer();
    vi.useRealTimers();
    await second.open(["1.0", 3], { requests: [request("three")], prayed: {}, older: false });
    await vi.waitUntil(() => wall.refused === "");
    expect(list()).toEqual(["three"]);
  });

  it("knows from its page that the church takes a break, until something comes", async () => {
    const page = {
      api: "http://api/v1/grace",
      live: server.url,
      church: { slug: "grace", status: "suspended" },
    };
    const paused = new Wall(new Asker(page as Page));
    expect(paused.paused).toBe(true);
    paused.start();
    await (await server.peer()).open(["1.0", 1], { requests: [], prayed: {}, older: false });
    await vi.waitUntil(() => paused.shown);
    expect(paused.paused).toBe(false);
    paused.live.stop();
  });

  it("asks for what I did only when I have done something here", async () => {
    expect(asked).toEqual([]);
    expect(asker.keptMark).toBeNull();
  });

  it("forgets what only members see when the member signs out, and reads what came by page anew", async () => {
    const again = await asMember();
    tellMembers(again, request("family"));
    await vi.waitUntil(() => wall.requests.has("family"));
    let page = [request("for-members"), request("zero")];
    vi.stubGlobal("fetch", async (url: string) =>
      Response.json(url.includes("/wall?") ? { items: page, prayed: {}, next: null } : { prayed: [] }),
    );
    await wall.more();
    wall.mine.add("two");
    expect(list()).toEqual(["two", "family", "one", "for-members", "zero"]);
    page = [request("zero")];
    const left = vi.fn();
    wall.left = left;
    asker.session.end();
    expect(list()).toEqual(["two", "one"]); // at once, before anybody has answered
    expect(wall.mine.size).toBe(0);
    expect(left).toHaveBeenCalledOnce();
    await vi.waitUntil(() => wall.requests.has("zero"));
    expect(list()).toEqual(["two", "one", "zero"]);
    const nobody = await server.peer();
    await nobody.next("hello");
    nobody.welcome();
    expect((await nobody.next("join")).topic).toBe(TOPIC);
    expect(nobody.waiting).toEqual([]);
  });

  it("drops what was asked for the member when it comes after they signed out", async () => {
    await asMember();
    let answer: (response: Response) => void = () => {};
    vi.stubGlobal("fetch", (url: string) =>
      url.includes("/wall?")
        ? new Promise<Response>((resolve) => {
            answer = resolve;
          })
        : Promise.resolve(Response.json({ prayed: ["one"] })),
    );
    const asking = wall.more();
    await vi.waitFor(() => expect(answer).toBeTypeOf("function"));
    await new Promise((resolve) => setTimeout(resolve));
    asker.session.end();
    answer(Response.json({ items: [request("for-members")], prayed: {}, next: null }));
    await asking;
    expect(wall.requests.has("for-members")).toBe(false);
  });

  it("takes down what is for members when they are no member any more, though they stay signed in", async () => {
    const again = await asMember();
    tellMembers(again, request("family"));
    await vi.waitUntil(() => wall.requests.has("family"));
    again.say({ type: "left", topic: MEMBERS, code: "forbidden" });
    await vi.waitUntil(() => !wall.requests.has("family"));
    expect(list()).toEqual(["two", "one"]);
    expect(wall.refused).toBe("");
  });

  it("keeps what somebody prayed for who only gets a name", async () => {
    wall.mine.add("two");
    asker.session.adopt(tokens("guest"), "Ruth");
    expect(wall.mine.has("two")).toBe(true);
    asker.session.adopt(tokens("somebody else"), "Anna");
    expect(wall.mine.has("two")).toBe(false);
  });
});

const MEMBERS = "wall:members";
const tokens = (id: string): Tokens => ({
  access_token: `access-${id}`,
  refresh_token: `refresh-${id}`,
  expires_in: 600,
  id,
  token_type: "Bearer",
});

/** Sign in as a member; return the connection on which both walls are read. */
async function asMember(): Promise<Peer> {
  asker.session.adopt(tokens("ruth"), "Ruth", true);
  const again = await server.peer();
  await again.next("hello");
  again.welcome();
  const first = await again.next("join");
  again.ok(first.ref, { epoch: "1.0", seq, recovered: true, events: [] });
  const second = await again.next("join");
  expect([first.topic, second.topic]).toEqual([TOPIC, MEMBERS]);
  again.ok(second.ref, {
    epoch: "1.0",
    seq: 1,
    recovered: false,
    snapshot: { requests: [], prayed: {}, older: false },
  });
  await vi.waitUntil(() => wall.state.kind === "online");
  return again;
}

function tellMembers(to: Peer, data: unknown): void {
  to.event(MEMBERS, 2, data);
}
