/** What a volunteer still sees of a conversation whose words are gone. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CareSessionShown, MessageShown } from "../../core/generated";
import { ELEMENTS } from "../elements";
import { PlayedSocket } from "../testing/socket";
import { button, Watching } from "../testing/watching";
import { careWords } from "../words/care";
import type { NarthexCare } from "./page";

for (const [name, element] of ELEMENTS) customElements.define(name, element);

const words = careWords.en;
const talk: CareSessionShown = {
  id: "s1",
  version: 2,
  state: "active",
  name: "Maria",
  language: "en",
  topic: "",
  words: "erase",
  asked_at: "2026-03-01T10:00:00Z",
  room: "r1",
  first: "Ruth",
};
const message = (number: number): MessageShown => ({
  id: `m${number}`,
  room: "r1",
  number,
  at: "2026-03-01T10:00:00Z",
  author: { id: "g1", kind: "guest", name: "Maria" },
  body: `word ${number}`,
});
const gone = (number: number, removed_by: "author" | "erasure" | "host"): MessageShown => {
  const { id, room, at } = message(number);
  return { id, room, number, at, state: "removed", removed_by };
};

let desk: Watching;
let page: NarthexCare;

async function open(shown = talk): Promise<void> {
  desk = new Watching(["prayer_team"]);
  Object.assign(PlayedSocket.snapshots, {
    "care:s1": { session: shown, place: null },
    "chat:r1": { room: { id: "r1" }, messages: [message(1), message(2)], reactions: {}, pins: [] },
  });
  desk.church
    .on("GET care/mine", [shown])
    .on("GET rota/now", { here: [], planned: [] })
    .on("GET safety/helplines", { helplines: [] });
  page = await desk.show<NarthexCare>("narthex-care");
  button(page, "Maria").click();
  await desk.drawn();
}

async function ends(more: Partial<CareSessionShown> = {}): Promise<void> {
  desk.socket.event("care:s1", "care.changed", { ...talk, version: 3, state: "ended", ...more });
  await desk.drawn();
}

async function removes(...messages: MessageShown[]): Promise<void> {
  for (const one of messages) desk.socket.event("chat:r1", "message.removed", one);
  await desk.drawn();
}

const shown = () => page.querySelector("narthex-conversation") as HTMLElement;
const title = () => shown().querySelector("h2")?.textContent;

beforeEach(() => vi.stubGlobal("WebSocket", PlayedSocket));
afterEach(() => {
  desk.stop();
  vi.unstubAllGlobals();
});

describe("<narthex-conversation> that is over", () => {
  it("keeps the names, and says that the words are erased", async () => {
    await open();
    await ends();
    expect(shown().querySelectorAll(".talk li")).toHaveLength(2);
    await removes(gone(1, "erasure"), gone(2, "erasure"));
    desk.socket.event("care:s1", "care.erased", { id: "s1" });
    await desk.drawn();
    expect(title()).toBe("Maria");
    expect(shown().querySelector("p.muted")?.textContent).toBe(words.with("Ruth"));
    expect(shown().querySelector("p.gone")?.textContent).toBe(words.erased);
    expect(shown().querySelector(".talk")).toBeNull();
    expect(shown().textContent).toContain(words.ended);
  });

  it("says so too when it missed that everything was erased, but saw each line go", async () => {
    await open();
    await ends();
    await removes(gone(1, "author"));
    expect(shown().querySelectorAll(".talk li")).toHaveLength(2);
    await removes(gone(2, "erasure"));
    expect(shown().querySelector("p.gone")?.textContent).toBe(words.erased);
  });

  it("keeps the lines that a host took down, and all lines while it goes on", async () => {
    await open();
    await removes(gone(1, "host"), gone(2, "host"));
    await ends();
    expect(shown().querySelectorAll(".talk li")).toHaveLength(2);
    desk.stop();
    await open();
    await removes(gone(1, "erasure"), gone(2, "erasure"));
    expect(shown().querySelectorAll(".talk li")).toHaveLength(2);
  });

  it("says of sealed words that they are sealed", async () => {
    await open({ ...talk, words: "seal" });
    await ends({ words: "seal" });
    desk.socket.event("care:s1", "care.erased", { id: "s1" });
    await desk.drawn();
    expect(shown().querySelector("p.gone")?.textContent).toBe(words.sealed);
  });

  it("has a neutral title, and names nobody, where the church has no name any more", async () => {
    await open();
    await ends({ name: "", first: "" });
    expect(title()).toBe(words.someone);
    expect(shown().querySelector("p.muted")?.textContent).toBe(words.words.erase);
  });
});
