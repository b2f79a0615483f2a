/** Where a host is on the live page: the place in the list, and the focus that the keys need. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MessageShown, RoomShown } from "../../core/generated";
import { ELEMENTS } from "../elements";
import { Church, settled } from "../testing/server";
import { PlayedSocket } from "../testing/socket";
import { liveWords } from "../words/live";
import type { NarthexLive } from "./page";

for (const [name, element] of ELEMENTS) customElements.define(name, element);

const words = liveWords.en;
const room: RoomShown = {
  id: "r1",
  kind: "gathering",
  title: "Sunday",
  gathering: "g1",
  opens_at: null,
  closes_at: null,
  phase: "open",
  slow_seconds: 0,
  hold: "none",
  locked: false,
  lockdown: false,
  archived: false,
  rehearses: null,
};
const message = (number: number, more: Partial<MessageShown> = {}): MessageShown => ({
  id: `m${number}`,
  room: "r1",
  number,
  at: "2026-03-01T10:00:00Z",
  author: { id: "v1", kind: "guest", name: "Troll" },
  body: `word ${number}`,
  ...more,
});
const removed = (number: number, removed_by: "author" | "erasure" | "host"): MessageShown => {
  const { id, room, at } = message(number);
  return { id, room, number, at, state: "removed", removed_by };
};
const snapshot = (messages: MessageShown[], shown = room) => ({
  room: shown,
  messages,
  reactions: {},
  versions: {},
  pins: [],
  older: false,
});

let church: Church;
let page: NarthexLive;

async function open(): Promise<void> {
  church
    .on("GET chat/rooms", { rooms: [room, { ...room, id: "r2" }].map((one) => ({ room: one, unread: 0 })) })
    .on("POST auth/socket", { token: "t", expires_in: 300 });
  page = document.createElement("narthex-live") as NarthexLive;
  page.api = church.api;
  page.slug = "grace";
  page.session = { person: { id: "p1", name: "Ruth", roles: ["moderator"] }, csrf: "c" };
  document.body.append(page);
  await drawn();
}

/** A view of frames is drawn at most every 100 ms. */
async function drawn(): Promise<void> {
  await settled();
  await new Promise((done) => setTimeout(done, 130));
  await settled();
}

/** Press a button as a mouse does: it has the focus then. */
async function press(selector: string): Promise<void> {
  const button = page.querySelector<HTMLButtonElement>(selector);
  if (!button) throw new Error(`there is no ${selector}`);
  button.focus();
  button.click();
  await drawn();
}

async function key(name: string): Promise<void> {
  const at = document.activeElement as Element;
  at.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
  await drawn();
}

const choose = async (id: string) => {
  page.querySelector<HTMLElement>(`[data-id="${id}"]`)?.click();
  await settled();
};
const focused = () => (document.activeElement as HTMLElement).dataset.id;

beforeEach(() => {
  vi.stubGlobal("WebSocket", PlayedSocket);
  PlayedSocket.reset({
    "chat:r1": snapshot([message(1), message(2), message(3)]),
    "chat:r2": snapshot(
      Array.from({ length: 5 }, (_, at) => message(at + 11)),
      { ...room, id: "r2" },
    ),
    "held:r1": { held: [] },
    "held:r2": { held: [] },
  });
  church = new Church()
    .on("GET chat/reports", { items: [], next: null })
    .on("GET chat/notes", { items: [], next: null });
});
afterEach(() => {
  page.remove();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("the place in the list", () => {
  const box = () => page.querySelector(".scroll") as HTMLElement;

  beforeEach(() => {
    vi.spyOn(Element.prototype, "scrollHeight", "get").mockImplementation(function (this: Element) {
      return this.querySelectorAll("li").length * 100;
    });
  });

  it("is the end when a room opens, and when another one is chosen", async () => {
    await open();
    expect(box().scrollTop).toBe(300);
    box().scrollTop = 0;
    box().dispatchEvent(new Event("scroll"));
    const rooms = page.querySelector(".tabs select") as HTMLSelectElement;
    rooms.value = "r2";
    rooms.dispatchEvent(new Event("change"));
    await drawn();
    expect(box().scrollTop).toBe(500);
  });

  it("stays where somebody reads older words", async () => {
    await open();
    box().scrollTop = 0;
    box().dispatchEvent(new Event("scroll"));
    PlayedSocket.last.event("chat:r1", "message.posted", message(4));
    await drawn();
    expect(box().scrollTop).toBe(0);
    expect(page.querySelector(".pill")?.textContent).toContain(words.newer(1));
  });
});

describe("the focus", () => {
  it("goes back to the message whose button is gone, so that Z takes it back", async () => {
    church.on("DELETE chat/rooms/r1/messages/m2", null).on("POST chat/undo/m2", {});
    await open();
    await choose("m2");
    await press('.acts [aria-keyshortcuts="d"]');
    PlayedSocket.last.event("chat:r1", "message.removed", removed(2, "host"));
    await drawn();
    expect(page.querySelector(".acts button")).toBeNull();
    expect(focused()).toBe("m2");
    await key("z");
    expect(church.of("POST chat/undo/m2")).toHaveLength(1);
  });

  it("goes back from the button that took something back", async () => {
    church.on("DELETE chat/rooms/r1/messages/m2", null).on("POST chat/undo/m2", {});
    await open();
    await choose("m2");
    await press('.acts [aria-keyshortcuts="d"]');
    await press(".undo-bar button");
    expect(page.querySelector(".undo-bar")).toBeNull();
    expect(focused()).toBe("m2");
  });

  it("goes back to the message when everything of a person is taken down with a ban", async () => {
    church.on("POST safety/bans", { id: "b1" }).on("POST safety/bans/b1/lift", {});
    await open();
    await choose("m2");
    await press('.acts [aria-keyshortcuts="b"]');
    page.querySelector<HTMLButtonElement>("form.ban .danger")?.focus();
    page.querySelector("form.ban")?.dispatchEvent(new Event("submit", { cancelable: true }));
    await drawn();
    PlayedSocket.last.event("chat:r1", "message.removed", removed(2, "host"));
    await drawn();
    expect(focused()).toBe("m2");
    await key("z");
    expect(church.of("POST safety/bans/b1/lift")).toHaveLength(1);
  });

  it("stays on the button of a pause", async () => {
    church.on("PUT safety/people/v1/timeout", null).on("DELETE safety/people/v1/timeout", null);
    await open();
    await choose("m2");
    await press('.acts [aria-keyshortcuts="5"]');
    expect(document.activeElement?.getAttribute("aria-keyshortcuts")).toBe("5");
    await key("z");
    expect(church.of("DELETE safety/people/v1/timeout")).toHaveLength(1);
  });

  it("is on no other button once a report is decided", async () => {
    const report = { message: message(2), reporter: "a", reason: "unkind", note: "", at: message(2).at };
    church
      .on("GET chat/reports", { items: [report], next: null })
      .on("POST chat/reports/m2/dismiss", null)
      .on("POST chat/undo/m2", {});
    await open();
    await choose("m2");
    church.on("GET chat/reports", { items: [], next: null });
    await press('.acts [aria-keyshortcuts="a"]');
    expect(page.querySelector(".acts button")?.getAttribute("aria-keyshortcuts")).toBe("d");
    expect(focused()).toBe("m2");
    await key("z");
    expect(church.of("POST chat/undo/m2")).toHaveLength(1);
  });

  it("chooses nothing when a message is let go of", async () => {
    await open();
    await choose("m2");
    await press(".shut");
    expect(page.chosen).toBe("");
    expect(document.activeElement?.tagName).toBe("H1");
  });
});

describe("a message that is gone", () => {
  it.each(["host", "author", "erasure"] as const)("says that it is so by the %s", async (by) => {
    PlayedSocket.snapshots["chat:r1"] = snapshot([removed(1, by), message(2)]);
    await open();
    await choose("m1");
    expect(page.querySelector('[data-id="m1"] .gone')?.textContent).toContain(words.gone[by]);
    expect(page.querySelector("narthex-case .words")?.textContent).toBe(words.gone[by]);
    expect(new Set(Object.values(words.gone)).size).toBe(3);
  });
});
