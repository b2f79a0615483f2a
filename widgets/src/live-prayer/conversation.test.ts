// @vitest-environment node

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket as Socket } from "ws";
import type { MessageShown } from "../core/generated";
import { Live } from "../core/live";
import { type Peer, ScriptedServer } from "../core/testing/scripted";
import { Conversation } from "./conversation";

const TOPIC = "chat:r";
const message = (number: number, more: Partial<MessageShown> = {}): MessageShown => ({
  id: `m${number}`,
  room: "r",
  number,
  at: "2026-03-01T10:00:00Z",
  author: { id: "ruth", kind: "person", name: "Ruth" },
  body: `words ${number}`,
  ...more,
});

let server: ScriptedServer;
let live: Live;
let talk: Conversation;
let peer: Peer;
let cards: string[];

const bodies = () => talk.list.map(({ body }) => body);

beforeEach(async () => {
  vi.stubGlobal("WebSocket", Socket);
  vi.stubGlobal("document", { hidden: false });
  cards = [];
  server = await ScriptedServer.start();
  live = new Live({ url: server.url, pass: async () => null });
  talk = new Conversation(live, "r", "me");
  talk.card = (kind) => cards.push(kind);
  live.start();
  peer = await server.peer();
  await peer.open(["1.0", 5], { messages: [message(2), message(1)] });
  await vi.waitUntil(() => talk.messages.size === 2);
  peer.ok((await peer.next("push")).ref); // how far I have read
});
afterEach(async () => {
  live.stop();
  await server.stop();
  vi.unstubAllGlobals();
});

function tell(event: string, seq: number, data: unknown): void {
  peer.say({ type: "event", topic: TOPIC, seq, event, at: "", data });
}

describe("a conversation", () => {
  it("shows what was said in its order, and what is taken back no more", async () => {
    expect(bodies()).toEqual(["words 1", "words 2"]);
    tell("message.posted", 6, message(3));
    await vi.waitUntil(() => talk.messages.size === 3);
    tell("message.removed", 7, message(2, { state: "removed", body: "" }));
    await vi.waitUntil(() => talk.messages.size === 2);
    expect(bodies()).toEqual(["words 1", "words 3"]);
  });

  it("shows my words on their way until they have arrived, each once", async () => {
    const sent = talk.send("Hello", "mine");
    expect([...talk.mine.values()]).toEqual([{ id: "mine", body: "Hello", code: "" }]);
    const push = await peer.next("push");
    expect([push.event, push.id, push.data]).toEqual(["message.send", "mine", { body: "Hello" }]);
    tell("message.posted", 6, message(3, { id: "mine", body: "Hello" }));
    peer.ok(push.ref, { id: "mine", state: "posted" });
    await sent;
    expect(talk.mine.size).toBe(0);
    expect(bodies()).toEqual(["words 1", "words 2", "Hello"]);
  });

  it("keeps words that were refused, with why, to be sent again", async () => {
    const sent = talk.send("Hello", "mine");
    peer.no((await peer.next("push")).ref, "room_locked");
    await sent;
    expect(talk.mine.get("mine")?.code).toBe("room_locked");
    const again = talk.send("Hello", "mine");
    peer.ok((await peer.next("push")).ref, { id: "mine", state: "posted" });
    await again;
    expect(talk.mine.size).toBe(0);
  });

  it("tells of a need that was found in words that were refused", async () => {
    const sent = talk.send("I cannot go on", "mine");
    const { ref } = await peer.next("push");
    const error = { code: "timeout", detail: "", extra: { card: "self_harm" } };
    peer.say({ type: "reply", ref, ok: false, error });
    await sent;
    expect(cards).toEqual(["self_harm"]);
    expect(talk.mine.get("mine")?.code).toBe("timeout");
  });

  it("tells of a need that was found in my words", async () => {
    const sent = talk.send("I cannot go on", "mine");
    peer.ok((await peer.next("push")).ref, { id: "mine", state: "posted", card: "self_harm" });
    await sent;
    expect(cards).toEqual(["self_harm"]);
  });

  it("knows what the other has seen, and who is writing", async () => {
    peer.say({ type: "latest", topic: TOPIC, event: "seen", data: { person: "ruth", number: 1 } });
    peer.say({ type: "latest", topic: TOPIC, event: "seen", data: { person: "me", number: 2 } });
    await vi.waitUntil(() => talk.seen.size === 1);
    expect(talk.isSeen(message(1))).toBe(true);
    expect(talk.isSeen(message(2))).toBe(false);
    const people = [{ id: "ruth", name: "Ruth" }];
    peer.say({ type: "ephemeral", topic: TOPIC, event: "typing", data: { people, count: 1 } });
    await vi.waitUntil(() => talk.typist === "Ruth");
    tell("message.posted", 6, message(3));
    await vi.waitUntil(() => talk.typist === "");
  });
});
