// @vitest-environment node

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket as Socket } from "ws";
import type { EventFrame } from "./generated";
import { Live, type LiveOptions, type LiveState, type Timing } from "./live";
import { LiveError } from "./requests";
import type { Phase } from "./subscription";
import { ScriptedServer } from "./testing/scripted";

const TOPIC = "things:1";
const QUICK: Timing = {
  first: 20,
  longest: 80,
  stable: 30_000,
  silence: 40_000,
  opening: 5_000,
  probe: 60,
  soon: 3_000,
  denied: 40_000,
};

let server: ScriptedServer;
let live: Live;
let states: LiveState[];
let seen: unknown[];
let snapshots: unknown[];
let phases: Phase[];
let problems: string[];

beforeEach(async () => {
  server = await ScriptedServer.start();
  states = [];
  seen = [];
  snapshots = [];
  phases = [];
  problems = [];
});
afterEach(async () => {
  live.stop();
  await server.stop();
});

/** Browsers only log a failed connection; this one would throw it at whoever does not listen. */
const dial = (url: string, protocol: string) =>
  new Socket(url, protocol).on("error", () => {}) as unknown as WebSocket;

function begin(options: Partial<LiveOptions> & { timing?: Partial<Timing> } = {}): void {
  live = new Live({
    url: server.url,
    pass: async () => null,
    onState: (state) => states.push(state),
    open: dial,
    random: () => 1,
    ...options,
    timing: { ...QUICK, ...options.timing },
  });
  live.join(TOPIC, {
    snapshot: (data) => snapshots.push(data),
    event: (frame: EventFrame) => seen.push(frame.seq),
    phase: (phase) => phases.push(phase),
    away: (problem) => problems.push(problem.code),
  });
  live.start();
}

const until = (check: () => unknown) => vi.waitUntil(check, { timeout: 3_000, interval: 5 });

describe("a first connection", () => {
  it("speaks narthex.v1 and says hello and its joins in one go, before any answer", async () => {
    begin({ pass: async () => ({ token: "t1", renewIn: 60_000 }) });
    const peer = await server.peer();
    expect(peer.protocol).toBe("narthex.v1");
    expect(await peer.next("hello")).toEqual({ type: "hello", token: "t1" });
    expect(await peer.next("join")).toEqual({ type: "join", ref: 1, topic: TOPIC });
  });

  it("hands over the snapshot, then events in order", async () => {
    begin();
    const peer = await server.peer();
    await peer.open(["1.0", 7], { things: 3 });
    peer.event(TOPIC, 8);
    peer.event(TOPIC, 9);
    await until(() => seen.length === 2);
    expect(snapshots).toEqual([{ things: 3 }]);
    expect(seen).toEqual([8, 9]);
    expect(phases).toEqual(["joining", "joined"]);
  });

  it("drops what it has seen before", async () => {
    begin();
    const peer = await server.peer();
    await peer.open(["1.0", 7]);
    for (const seq of [7, 8, 8, 6, 9]) peer.event(TOPIC, seq);
    await until(() => seen.includes(9));
    expect(seen).toEqual([8, 9]);
  });

  it("ignores what it does not know", async () => {
    begin();
    const peer = await server.peer();
    await peer.open(["1.0", 7]);
    peer.say({ type: "novelty", topic: TOPIC } as never);
    peer.event("things:2", 1);
    peer.event(TOPIC, 8);
    await until(() => seen.length);
    expect(seen).toEqual([8]);
  });

  it("joins a topic that is asked for between hello and welcome", async () => {
    begin();
    const peer = await server.peer();
    await peer.next("hello");
    await peer.next("join");
    live.join("things:2", { snapshot: () => {}, event: () => {} });
    expect((await peer.next("join")).topic).toBe("things:2");
  });
});

describe("something missing", () => {
  it("leaves and joins from its cursor when an event is skipped", async () => {
    begin();
    const peer = await server.peer();
    await peer.open(["1.0", 7]);
    peer.event(TOPIC, 9);
    peer.ok((await peer.next("leave")).ref);
    const join = await peer.next("join");
    expect(join.after).toEqual(["1.0", 7]);
    const missed = [8, 9].map((seq) => ({ type: "event", topic: TOPIC, seq, event: "x", at: "", data: {} }));
    peer.ok(join.ref, { epoch: "1.0", seq: 9, recovered: true, events: missed });
    await until(() => seen.length === 2);
    expect(seen).toEqual([8, 9]);
  });

  it("asks again when a position shows that a quiet topic went on", async () => {
    begin();
    const peer = await server.peer();
    await peer.open(["1.0", 7]);
    peer.say({ type: "position", topics: { [TOPIC]: ["1.0", 7] } });
    peer.say({ type: "position", topics: { [TOPIC]: ["1.0", 8] } });
    expect((await peer.next("leave")).topic).toBe(TOPIC);
  });

  it("begins anew when the epoch is another one", async () => {
    begin();
    const peer = await server.peer();
    await peer.open(["1.0", 7], "old");
    peer.say({ type: "position", topics: { [TOPIC]: ["2.0", 7] } });
    peer.ok((await peer.next("leave")).ref);
    const join = await peer.next("join");
    peer.ok(join.ref, { epoch: "2.0", seq: 3, recovered: false, snapshot: "new" });
    peer.event(TOPIC, 4);
    await until(() => seen.length);
    expect(snapshots).toEqual(["old", "new"]);
    expect(seen).toEqual([4]);
  });

  it("learns the epoch of a topic that was empty without asking again", async () => {
    begin();
    const peer = await server.peer();
    await peer.open(["", 0]);
    peer.event(TOPIC, 1);
    peer.say({ type: "position", topics: { [TOPIC]: ["1.0", 1] } });
    peer.event(TOPIC, 2);
    await until(() => seen.length === 2);
    expect(peer.waiting).toEqual([]);
  });
});

describe("coming back", () => {
  it("resumes from its cursor after a cut", async () => {
    begin();
    const first = await server.peer();
    await first.open(["1.0", 7]);
    first.event(TOPIC, 8);
    await until(() => seen.length);
    first.cut();
    const second = await server.peer();
    await second.next("hello");
    expect((await second.next("join")).after).toEqual(["1.0", 8]);
    expect(states.map((state) => state.kind)).toEqual(["connecting", "online", "waiting", "connecting"]);
  });

  it("spreads its waits over the whole of 0.5 s, 1 s, 2 s … 20 s", async () => {
    vi.useFakeTimers({ now: 0 });
    const random = vi.fn().mockReturnValue(0.5);
    const pass = vi.fn().mockRejectedValue(new Error("no network"));
    const { first: _, longest: __, ...others } = QUICK;
    live = new Live({
      url: "ws://127.0.0.1:1/",
      pass,
      onState: (s) => states.push(s),
      random,
      timing: others,
    });
    live.start();
    for (let tries = 0; tries < 8; tries++) await vi.advanceTimersToNextTimerAsync();
    const waits: number[] = [];
    let at = 0;
    for (const state of states)
      if (state.kind === "waiting") {
        waits.push(state.until - at);
        at = state.until;
      }
    vi.useRealTimers();
    expect(waits.slice(0, 8)).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  });

  it("counts anew after a connection that held", async () => {
    begin({ timing: { stable: 0 } });
    for (let tries = 0; tries < 3; tries++) (await server.peer()).cut();
    const peer = await server.peer();
    await peer.open();
    await until(() => live.state.kind === "online");
    peer.cut();
    await until(() => live.state.kind === "waiting");
    expect(live.state).toMatchObject({ tries: 1 });
  });

  it("comes back soon after a drain, however many tries came before", async () => {
    begin({ random: () => 0.5, timing: { first: 40, longest: 10_000 } });
    for (let tries = 0; tries < 3; tries++) (await server.peer()).cut();
    const peer = await server.peer();
    await peer.open();
    peer.say({ type: "drain", after_ms: 10 });
    peer.close(1012, "restart");
    await until(() => live.state.kind === "waiting");
    expect((live.state as { until: number }).until - Date.now()).toBeLessThanOrEqual(40);
  });

  it.each([4008, 4029, 4499, 1011])("comes back after close %i", async (code) => {
    begin();
    (await server.peer()).close(code);
    await server.peer();
  });

  it("stays away from a server that speaks another protocol", async () => {
    begin();
    const peer = await server.peer();
    await peer.next("hello");
    peer.say({ type: "welcome", session: "s1", person: null, ping: 25, time: "", protocol: 2 });
    await until(() => live.state.kind === "ended");
    expect(live.state).toMatchObject({ code: 4510 });
  });

  it("comes back after a final close when it is asked to, with another token", async () => {
    const pass = vi.fn().mockResolvedValue(null);
    begin({ pass });
    const peer = await server.peer();
    await peer.open();
    peer.close(4501, "not allowed in");
    await until(() => live.state.kind === "ended");
    live.restart();
    await (await server.peer()).open();
    expect(pass.mock.calls.map(([why]) => why)).toEqual(["connect", "again"]);
  });

  it.each([4500, 4503, 4504, 4510])("stays away after close %i and says so", async (code) => {
    begin();
    const peer = await server.peer();
    await peer.open();
    peer.close(code, "why");
    await until(() => live.state.kind === "ended");
    expect(live.state).toEqual({ kind: "ended", code, reason: "why" });
    await expect(live.push(TOPIC, "x", {}, "id")).rejects.toMatchObject({ code: "ended" });
  });

  it("asks now and then, without a word, whether it is let in again", async () => {
    const pass = vi.fn().mockResolvedValue(null);
    begin({ pass, timing: { soon: 20, denied: 30 } });
    const first = await server.peer();
    await first.open(["1.0", 7]);
    const answer = live.push(TOPIC, "say", { body: "kept" }, "id-1");
    await first.next("push"); // on its way when we are sent away
    first.close(4501, "not allowed in");
    await until(() => live.state.kind === "ended");
    const second = await server.peer();
    await second.next("hello");
    second.close(4501, "not allowed in"); // not yet
    const third = await server.peer();
    await third.next("hello");
    third.cut(); // nor now
    const fourth = await server.peer();
    await fourth.next("hello");
    expect(live.state).toEqual({ kind: "ended", code: 4501, reason: "not allowed in" });
    expect(states.filter(({ kind }) => kind !== "online").map(({ kind }) => kind)).toEqual([
      "connecting",
      "ended",
    ]);
    fourth.welcome();
    const join = await fourth.next("join");
    expect(join.after).toEqual(["1.0", 7]);
    fourth.ok(join.ref, { epoch: "1.0", seq: 7, recovered: true, events: [] });
    const { ref, id } = await fourth.next("push");
    expect(id).toBe("id-1");
    fourth.ok(ref, { said: true });
    expect(await answer).toEqual({ said: true });
    expect(pass.mock.calls.map(([why]) => why)).toEqual(["connect", "again", "again", "connect"]);
  });

  it("asks no more once it was stopped, or is told something else", async () => {
    begin({ timing: { soon: 20, denied: 30 } });
    const first = await server.peer();
    await first.open();
    first.close(4501, "not allowed in");
    await until(() => live.state.kind === "ended");
    const second = await server.peer();
    await second.next("hello");
    second.close(4504, "banned");
    await until(() => live.state.kind === "ended" && live.state.code === 4504);
    live.restart();
    const third = await server.peer();
    await third.open();
    third.close(4501, "not allowed in");
    await until(() => live.state.kind === "ended");
    live.stop();
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(server.connections).toBe(3);
  });

  it("calls a connection dead that says nothing, after asking it", async () => {
    begin({ timing: { silence: 1_200, opening: 400 } });
    const first = await server.peer();
    await first.open();
    await first.next("ping");
    const second = await server.peer();
    await second.next("hello");
  });

  it("gives up on a server that takes the socket and never answers", async () => {
    begin({ timing: { opening: 300 } });
    await server.peer();
    await server.peer();
  });

  it("comes back at once when the page wakes up", async () => {
    begin({ timing: { first: 60_000, longest: 60_000 } });
    (await server.peer()).cut();
    await until(() => live.state.kind === "waiting");
    live.wake();
    await server.peer();
  });

  it("drops a connection that died while the page slept", async () => {
    begin({ timing: { probe: 30 } });
    await (await server.peer()).open();
    await until(() => phases.includes("joined"));
    live.wake();
    await server.peer();
  });

  it("keeps a connection that answers when the page wakes up", async () => {
    begin({ timing: { probe: 200 } });
    const peer = await server.peer();
    await peer.open();
    await until(() => phases.includes("joined"));
    live.wake();
    await peer.next("ping");
    peer.say({ type: "pong" });
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(live.state.kind).toBe("online");
  });
});

describe("requests", () => {
  it("resolve with the reply's data", async () => {
    begin();
    const peer = await server.peer();
    await peer.open();
    await until(() => phases.includes("joined"));
    const answer = live.push(TOPIC, "thing.make", { body: "x" }, "id-1");
    const push = await peer.next("push");
    expect(push).toMatchObject({ topic: TOPIC, event: "thing.make", id: "id-1", data: { body: "x" } });
    peer.ok(push.ref, { state: "made" });
    expect(await answer).toEqual({ state: "made" });
  });

  it("reject with the server's code and its wait", async () => {
    begin();
    const peer = await server.peer();
    await peer.open();
    await until(() => phases.includes("joined"));
    const answer = live.push(TOPIC, "thing.make", {}, "id-1");
    peer.no((await peer.next("push")).ref, "slow_mode", 7.5);
    await expect(answer).rejects.toMatchObject({ code: "slow_mode", retryAfter: 7.5 });
  });

  it("wait for the join, in their order", async () => {
    begin();
    const answers = [live.push(TOPIC, "a", {}, "1"), live.push(TOPIC, "b", {}, "2")];
    const peer = await server.peer();
    await peer.open();
    for (const event of ["a", "b"]) {
      const push = await peer.next("push");
      expect(push.event).toBe(event);
      peer.ok(push.ref, event);
    }
    expect(await Promise.all(answers)).toEqual(["a", "b"]);
  });

  it("are asked again under the same id when the connection went before the answer", async () => {
    begin();
    const first = await server.peer();
    await first.open();
    await until(() => phases.includes("joined"));
    const answer = live.push(TOPIC, "thing.make", { n: 1 }, "id-1");
    const asked = await first.next("push");
    first.cut();
    const second = await server.peer();
    await second.open();
    const again = await second.next("push");
    expect({ ...again, ref: 0 }).toEqual({ ...asked, ref: 0 });
    second.ok(again.ref, "once");
    expect(await answer).toBe("once");
  });

  it("without an id are refused as offline, because nobody knows whether they were done", async () => {
    begin();
    const peer = await server.peer();
    await peer.open();
    await until(() => phases.includes("joined"));
    const answer = live.push(TOPIC, "thing.make", {});
    const refused = expect(answer).rejects.toBeInstanceOf(LiveError);
    await peer.next("push");
    peer.cut();
    await refused;
    await expect(live.push(TOPIC, "thing.make", {})).rejects.toMatchObject({ code: "offline" });
  });

  it("are refused when more wait than anybody could mean", async () => {
    begin({ url: "ws://127.0.0.1:1/" });
    const waiting = Array.from({ length: 200 }, (_, i) => live.push(TOPIC, "x", {}, String(i)));
    await expect(live.push(TOPIC, "x", {}, "last")).rejects.toMatchObject({ code: "too_many" });
    live.stop();
    const ends = await Promise.allSettled(waiting);
    expect(ends.every((end) => end.status === "rejected")).toBe(true);
  });

  it("are lost without a word when they were whispered into no connection", async () => {
    begin();
    live.whisper(TOPIC, "typing", {});
    const peer = await server.peer();
    await peer.open();
    await until(() => phases.includes("joined"));
    live.whisper(TOPIC, "typing", { on: true });
    expect((await peer.next("push")).data).toEqual({ on: true });
  });
});

describe("who may read", () => {
  it("is told by the topic's owner when a join is refused, and not asked again", async () => {
    begin();
    const peer = await server.peer();
    await peer.next("hello");
    peer.welcome();
    peer.no((await peer.next("join")).ref, "no_such_room");
    await until(() => problems.length);
    expect(problems).toEqual(["no_such_room"]);
    await expect(live.push(TOPIC, "x", {}, "1")).rejects.toMatchObject({ code: "not_joined" });
  });

  it("is asked again by itself when the server was only busy", async () => {
    begin();
    const peer = await server.peer();
    await peer.next("hello");
    peer.welcome();
    peer.no((await peer.next("join")).ref, "limited", 0.01);
    peer.ok((await peer.next("join")).ref, { epoch: "1.0", seq: 0, recovered: false, snapshot: 1 });
    await until(() => snapshots.length);
    expect(problems).toEqual([]);
  });

  it("ends when the server says so, and what waits for that topic is refused", async () => {
    begin();
    const peer = await server.peer();
    await peer.open();
    await until(() => phases.includes("joined"));
    const answer = live.push(TOPIC, "x", {}, "1");
    const refused = expect(answer).rejects.toMatchObject({ code: "removed" });
    peer.say({ type: "left", topic: TOPIC, code: "removed" });
    await refused;
    expect(phases.at(-1)).toBe("away");
  });

  it("changes with the person: the connection is made anew and the topics are kept", async () => {
    const pass = vi.fn().mockResolvedValueOnce(null).mockResolvedValue({ token: "mine", renewIn: 60_000 });
    begin({ pass });
    const first = await server.peer();
    await first.open(["1.0", 4]);
    await until(() => phases.includes("joined"));
    const answer = live.push(TOPIC, "x", {}, "1");
    live.restart();
    const second = await server.peer();
    expect((await second.next("hello")).token).toBe("mine");
    second.welcome({ id: "me" });
    const join = await second.next("join");
    expect(join.after).toEqual(["1.0", 4]);
    second.ok(join.ref, { epoch: "1.0", seq: 4, recovered: true, events: [] });
    second.ok((await second.next("push")).ref, "done");
    expect(await answer).toBe("done");
  });
});

describe("tokens", () => {
  it("are renewed on the open socket before they expire", async () => {
    const pass = vi
      .fn()
      .mockResolvedValueOnce({ token: "one", renewIn: 30 })
      .mockResolvedValue({ token: "two", renewIn: 60_000 });
    begin({ pass });
    const peer = await server.peer();
    await peer.open();
    expect(await peer.next("token")).toEqual({ type: "token", token: "two" });
    expect(pass.mock.calls.map(([why]) => why)).toEqual(["connect", "renew"]);
  });

  it("are fetched again, not reused, after one was refused", async () => {
    const pass = vi.fn().mockResolvedValue({ token: "old", renewIn: 60_000 });
    begin({ pass });
    (await server.peer()).close(4001, "token expired");
    await server.peer();
    expect(pass.mock.calls.map(([why]) => why)).toEqual(["connect", "again"]);
  });

  it("that cannot be fetched are a failed try like any other", async () => {
    const pass = vi.fn().mockRejectedValueOnce(new Error("no network")).mockResolvedValue(null);
    begin({ pass });
    await server.peer();
    expect(states.map((state) => state.kind).slice(0, 3)).toEqual(["connecting", "waiting", "connecting"]);
  });

  it("that are over leave a reader behind", async () => {
    const pass = vi.fn().mockResolvedValueOnce({ token: "one", renewIn: 20 }).mockResolvedValue(null);
    begin({ pass });
    await (await server.peer()).open();
    const second = await server.peer();
    expect(await second.next("hello")).toEqual({ type: "hello" });
  });
});
