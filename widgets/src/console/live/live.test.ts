import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { HeldShown, MessageShown, ReportShown, RoomShown, WordShown } from "../../core/generated";
import { ELEMENTS } from "../elements";
import { messages } from "../messages";
import { Church, problem, settled, submit } from "../testing/server";
import { PlayedSocket } from "../testing/socket";
import { UNDO_MS } from "../undo";
import { liveWords } from "../words/live";
import { Desk, liveAddress } from "./desk";
import type { NarthexLive } from "./page";
import { Queue } from "./queue";
import { HostRoom, MOST_KEPT } from "./room";

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
const message = (number: number | null, more: Partial<MessageShown> = {}): MessageShown => ({
  id: `m${number ?? "held"}`,
  room: "r1",
  number,
  at: "2026-03-01T10:00:00Z",
  author: { id: "v1", kind: "guest", name: "Troll" },
  body: `word ${number}`,
  ...more,
});
const held: HeldShown = { message: message(null, { state: "held" }), reason: "link", shadow: false };
const report = (reporter: string): ReportShown => ({
  message: message(2),
  reporter,
  reason: "unkind",
  note: "look",
  at: "2026-03-01T10:05:00Z",
});
const event = (name: string, data: unknown) =>
  ({ type: "event", topic: "t", seq: 1, event: name, at: "", data }) as const;

const word: WordShown = {
  id: "n1",
  room: "r1",
  title: "Sunday",
  author: "v2",
  name: "Maria",
  body: "Please pray for me",
  need: "crisis",
  at: "2026-03-01T12:00:00Z",
};

describe("HostRoom", () => {
  it("keeps the room's order, the newest state of each, and the newest messages only", () => {
    const fold = new HostRoom();
    fold.snapshot({
      room,
      messages: [message(1), message(3)],
      reactions: {},
      versions: {},
      pins: [],
      older: false,
    });
    fold.event(event("message.posted", message(2)));
    fold.event(event("message.removed", message(1, { state: "removed", body: "" })));
    fold.event(event("message.posted", null));
    expect(fold.messages.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(fold.find("m1")?.state).toBe("removed");
    for (let number = 4; number < MOST_KEPT + 10; number++) fold.take(message(number));
    expect(fold.messages).toHaveLength(MOST_KEPT);
    fold.take(message(1));
    expect(fold.find("m1")).toBeUndefined();
  });

  it("moves a message to its new place when it is approved a second time", () => {
    const fold = new HostRoom();
    fold.snapshot({
      room,
      messages: [message(1), message(2)],
      reactions: {},
      versions: {},
      pins: [],
      older: false,
    });
    fold.event(event("message.posted", message(3, { id: "m1" })));
    expect(fold.messages.map(({ id, number }) => [id, number])).toEqual([
      ["m2", 2],
      ["m1", 3],
    ]);
  });
});

describe("Queue", () => {
  it("puts held messages and reports in one list, the oldest first, reports of one message together", () => {
    const queue = new Queue();
    queue.snapshot("r1", [held]);
    queue.reports = [report("a"), report("b")];
    expect(queue.cases.map(({ kind, id }) => [kind, id])).toEqual([
      ["held", "mheld"],
      ["report", "m2"],
    ]);
    queue.event(event("message.approved", { id: "mheld", room: "r1", state: "posted" }));
    expect(queue.cases.map(({ id }) => id)).toEqual(["m2"]);
  });

  it("holds words that were left for the hosts until one has read them", () => {
    const queue = new Queue();
    queue.words = [word];
    expect(queue.cases.map(({ kind, id }) => [kind, id])).toEqual([["word", "n1"]]);
    queue.decided("n1");
    expect(queue.cases).toEqual([]);
  });

  it("forgets what waited in a room when its list begins anew", () => {
    const queue = new Queue();
    queue.snapshot("r1", [held]);
    queue.snapshot("r2", []);
    expect(queue.cases).toHaveLength(1);
    queue.snapshot("r1", []);
    expect(queue.cases).toEqual([]);
  });
});

describe("liveAddress", () => {
  it("is a socket of the same kind of address", () => {
    expect(liveAddress({ protocol: "https:", host: "n.example" }, "a b")).toBe("wss://n.example/live/a%20b");
    expect(liveAddress({ protocol: "http:", host: "127.0.0.1:8000" }, "grace")).toBe(
      "ws://127.0.0.1:8000/live/grace",
    );
  });
});

describe("Desk", () => {
  it("looks no more once it is stopped, also when a look was under way", async () => {
    vi.useFakeTimers();
    vi.stubGlobal("WebSocket", PlayedSocket);
    PlayedSocket.reset({});
    const church = new Church()
      .on("POST auth/socket", { token: "t", expires_in: 300 })
      .on("GET chat/rooms", { rooms: [] })
      .on("GET chat/reports", { items: [], next: null })
      .on("GET chat/notes", { items: [], next: null });
    const desk = new Desk(church.api, "ws://n.example/live/grace", () => {});
    const looked = desk.start();
    desk.stop();
    await looked;
    expect(desk.rooms).toBeNull();
    await desk.look(); // as after something that was being done
    await vi.advanceTimersByTimeAsync(60_000);
    expect(church.of("GET chat/rooms")).toHaveLength(1);
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("goes on looking after an answer that broke off on its way", async () => {
    vi.useFakeTimers();
    vi.stubGlobal("WebSocket", PlayedSocket);
    PlayedSocket.reset({});
    const church = new Church()
      .on("POST auth/socket", { token: "t", expires_in: 300 })
      .on("GET chat/rooms", new Response('{"rooms": ['), { rooms: [] })
      .on("GET chat/reports", { items: [], next: null })
      .on("GET chat/notes", { items: [], next: null });
    const desk = new Desk(church.api, "ws://n.example/live/grace", () => {});
    await desk.start();
    expect(desk.failed?.offline).toBe(true);
    await vi.advanceTimersByTimeAsync(15_000);
    expect([desk.failed, desk.rooms]).toEqual([null, []]);
    desk.stop();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
});

describe("<narthex-live>", () => {
  let church: Church;
  let page: NarthexLive;

  async function open(rooms: object[] = [{ room, read_to: 0, unread: 0 }]): Promise<void> {
    church.on("GET chat/rooms", { rooms }).on("POST auth/socket", { token: "t", expires_in: 300 });
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

  async function press(
    key: string,
    at: Element = page.querySelector('[role="option"][tabindex="0"]') as Element,
  ) {
    at.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    await drawn();
  }

  const choose = async (id: string) => {
    page.querySelector<HTMLElement>(`[data-id="${id}"]`)?.click();
    await settled();
  };
  const undoBar = () => page.querySelector(".undo-bar span")?.textContent;

  beforeEach(() => {
    vi.stubGlobal("WebSocket", PlayedSocket);
    PlayedSocket.reset({
      "chat:r1": {
        room,
        messages: [message(1), message(2)],
        reactions: {},
        versions: {},
        pins: [],
        older: false,
      },
      "held:r1": { held: [held] },
    });
    church = new Church()
      .on("GET chat/reports", { items: [report("a")], next: null })
      .on("GET chat/notes", { items: [], next: null });
  });
  afterEach(() => {
    page.remove();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  it("opens the room that is on, with a socket token in its first frame and not in its address", async () => {
    await open();
    expect(PlayedSocket.last.url).not.toContain("token");
    expect(PlayedSocket.last.frames[0]).toEqual({ type: "hello", token: "t" });
    expect([...page.querySelectorAll(".stream .text")].map((one) => one.textContent)).toEqual([
      "word 1",
      "word 2",
    ]);
  });

  it("shows messages, people and what waits as they come", async () => {
    await open();
    PlayedSocket.last.event("chat:r1", "message.posted", message(3));
    PlayedSocket.last.say({ type: "presence", topic: "chat:r1", count: 312 });
    PlayedSocket.last.event("held:r1", "message.held", {
      ...held,
      message: { ...held.message, id: "other" },
    });
    await drawn();
    expect(page.querySelectorAll(".stream li")).toHaveLength(3);
    const status = page.querySelector(".status")?.textContent?.replace(/\s+/g, " ") ?? "";
    for (const part of [words.health(312, 0), words.waiting(3)]) expect(status).toContain(part);
  });

  it("takes words of visitors as text", async () => {
    await open();
    PlayedSocket.last.event(
      "chat:r1",
      "message.posted",
      message(3, { body: "<img src=x onerror=alert(1)>" }),
    );
    await drawn();
    expect(page.querySelector(".stream img")).toBeNull();
  });

  it.each([
    ["d", "DELETE chat/rooms/r1/messages/m2", undefined],
    ["p", "PUT chat/rooms/r1/messages/m2/pin", undefined],
    ["1", "PUT safety/people/v1/timeout", { minutes: 1, name: "Troll" }],
    ["5", "PUT safety/people/v1/timeout", { minutes: 5, name: "Troll" }],
    ["0", "PUT safety/people/v1/timeout", { minutes: 10, name: "Troll" }],
    ["6", "PUT safety/people/v1/timeout", { minutes: 60, name: "Troll" }],
    ["s", "PUT safety/people/v1/shadow", { name: "Troll" }],
  ])("does by the key %s what its button does", async (key, request, body) => {
    church.on(request, null).on("GET chat/reports", { items: [], next: null });
    await open();
    await choose("m2");
    expect(page.querySelector(`.acts [aria-keyshortcuts="${key}"] kbd`)?.textContent).toBe(key.toUpperCase());
    await press(key);
    expect(church.of(request)[0]?.body).toEqual(body);
    page.querySelector<HTMLButtonElement>(`.acts [aria-keyshortcuts="${key}"]`)?.click();
    await drawn();
    expect(church.of(request)).toHaveLength(2);
  });

  it("offers to take a timeout back for ten seconds, by key too", async () => {
    church.on("PUT safety/people/v1/timeout", null).on("DELETE safety/people/v1/timeout", null);
    await open();
    await choose("m2");
    await press("5");
    expect(undoBar()).toBe(words.paused("Troll", 5));
    await press("z");
    expect(church.of("DELETE safety/people/v1/timeout")).toHaveLength(1);
    expect(undoBar()).toBeUndefined();
  });

  it("asks before it takes down all of a person, offers no undo for it, and takes the offer away", async () => {
    church.on("POST chat/clear", { removed: 2 });
    await open();
    await choose("m2");
    await press("c");
    expect(church.of("POST chat/clear")).toEqual([]);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    page.querySelector<HTMLButtonElement>(".ask .danger")?.click();
    await vi.advanceTimersByTimeAsync(50);
    expect(church.of("POST chat/clear")[0]?.body).toEqual({ person: "v1", room: "r1" });
    expect(undoBar()).toBe(words.cleared("Troll", 2));
    expect(page.querySelector(".undo-bar button")).toBeNull();
    await vi.advanceTimersByTimeAsync(UNDO_MS);
    expect(undoBar()).toBeUndefined();
  });

  it.each([
    ["m2", "d", "DELETE chat/rooms/r1/messages/m2", "remove", "room"],
    ["mheld", "a", "POST chat/held/mheld/approve", "approve", "waiting"],
    ["mheld", "x", "POST chat/held/mheld/decline", "decline", "waiting"],
    ["m2", "a", "POST chat/reports/m2/dismiss", "keep", "waiting"],
  ])("takes back what was decided about %s by the key %s", async (id, key, request, act, view) => {
    church.on(request, null).on(`POST chat/undo/${id}`, {});
    await open();
    if (view === "waiting") await press("q");
    await choose(id);
    await press(key);
    expect(church.of(request).map((asked) => asked.body)).toEqual([
      id === "m2" && act === "remove" ? undefined : { edited_at: null },
    ]);
    await press("z", page);
    expect(church.of(`POST chat/undo/${id}`)[0]?.body).toEqual({ act });
  });

  it("shows a word that was left for the hosts, urgent when it speaks of need, until one has read it", async () => {
    church.on("GET chat/notes", { items: [word], next: null }).on("POST chat/notes/n1/read", null);
    await open();
    await press("q");
    await choose("n1");
    const shown = page.querySelector("narthex-case");
    expect(shown?.querySelector(".reason.urgent")?.textContent).toBe(words.left("Sunday"));
    expect(shown?.querySelector(".words")?.textContent).toBe("Please pray for me");
    expect(shown?.querySelector('[aria-keyshortcuts="d"]')).toBeNull();
    church.on("GET chat/notes", { items: [], next: null });
    await press("a");
    expect(church.of("POST chat/notes/n1/read")).toHaveLength(1);
    expect(page.querySelector('[data-id="n1"]')).toBeNull();
    expect(undoBar()).toBe(words.wasRead("Maria"));
  });

  it("says when it is too late to take something back", async () => {
    church.on("DELETE chat/rooms/r1/messages/m2", null);
    church.on("POST chat/undo/m2", problem(409, "undo_over"));
    await open();
    await choose("m2");
    await press("d");
    await press("z");
    expect(page.querySelector(".undo-bar")?.textContent).toBe(messages.en.codes.undo_over);
  });

  it("says how many have not been sent everything, over all nodes, and forgets a node that went silent", async () => {
    await open();
    const behind = (node: string, count: number) =>
      PlayedSocket.last.say({ type: "latest", topic: "held:r1", event: "behind", data: { node, count } });
    PlayedSocket.last.say({ type: "presence", topic: "chat:r1", count: 312 });
    behind("one", 2);
    behind("two", 1);
    await drawn();
    expect(page.querySelector(".status")?.textContent).toContain(words.health(312, 3));
    behind("one", 0);
    await drawn();
    expect(page.querySelector(".status")?.textContent).toContain(words.health(312, 1));
    const later = Date.now() + 11_000;
    vi.spyOn(Date, "now").mockReturnValue(later);
    PlayedSocket.last.say({ type: "presence", topic: "chat:r1", count: 311 });
    await drawn();
    expect(page.querySelector(".status")?.textContent).toContain(words.health(311, 0));
  });

  describe("the people who are here", () => {
    const here = () => [...page.querySelectorAll("narthex-here li strong")].map((one) => one.textContent);

    async function people(): Promise<void> {
      await open();
      PlayedSocket.last.say({
        type: "presence",
        topic: "chat:r1",
        count: 5,
        full: true,
        joined: [
          { id: "v2", name: "Zoë" },
          { id: "v1", name: "Troll" },
          { id: "p1", name: "Ruth" },
        ],
      });
      PlayedSocket.last.say({
        type: "presence",
        topic: "held:r1",
        count: 1,
        full: true,
        joined: [{ id: "p1", name: "Ruth" }],
      });
      await drawn();
      await press("w");
    }

    it("stand in a list, hosts first, and come and go", async () => {
      await people();
      expect(here()).toEqual(["Ruth", "Troll", "Zoë"]);
      expect(page.querySelector("narthex-here li .badge")?.textContent).toBe(words.host);
      expect(page.querySelector("narthex-here .hint")?.textContent).toBe(words.nameless(2));
      PlayedSocket.last.say({ type: "presence", topic: "chat:r1", count: 4, left: ["v1"] });
      await drawn();
      expect(here()).toEqual(["Ruth", "Zoë"]);
    });

    it("are found by a part of the name, whatever its accents", async () => {
      await people();
      const box = page.querySelector("#find") as HTMLInputElement;
      box.value = "ZOE";
      box.dispatchEvent(new Event("input"));
      await settled();
      expect(here()).toEqual(["Zoë"]);
      box.value = "nobody";
      box.dispatchEvent(new Event("input"));
      await settled();
      expect(page.querySelector("narthex-here .empty")?.textContent).toBe(words.nobodyFound);
    });

    it("can be paused, kept out and cleared from there, by the same keys", async () => {
      church.on("PUT safety/people/v1/timeout", null).on("POST safety/bans", { id: "b1" });
      await people();
      await choose("v1");
      await press("5");
      expect(church.of("PUT safety/people/v1/timeout")[0]?.body).toEqual({ minutes: 5, name: "Troll" });
      await press("b");
      await submit(page, {}, "form.ban");
      await drawn();
      expect(church.of("POST safety/bans")[0]?.body).toMatchObject({ person: "v1", name: "Troll" });
    });

    it("offer nothing about oneself", async () => {
      await people();
      await choose("p1");
      expect(page.querySelector("narthex-person")?.textContent).toContain(words.thatIsYou);
      expect(page.querySelectorAll("narthex-person button")).toHaveLength(0);
    });
  });

  describe("a rehearsal", () => {
    const rehearsal = { ...room, id: "r9", kind: "hosts", rehearses: "g1", title: "Sunday" };

    it("is opened by its address, says that only hosts see it, and ends from there", async () => {
      PlayedSocket.snapshots["chat:r9"] = {
        room: rehearsal,
        messages: [],
        reactions: {},
        pins: [],
        older: false,
      };
      PlayedSocket.snapshots["held:r9"] = { held: [] };
      church.on("DELETE events/gatherings/g1/rehearsal", null);
      window.history.replaceState(null, "", "?room=r9");
      await open([
        { room, read_to: 0, unread: 0 },
        { room: rehearsal, read_to: 0, unread: 0 },
      ]);
      window.history.replaceState(null, "", window.location.pathname);
      expect(page.querySelector(".rehearsal p")?.textContent).toBe(words.rehearsal);
      expect(page.textContent).toContain(words.openBackChannel);
      church.on("GET chat/rooms", { rooms: [{ room, read_to: 0, unread: 0 }] });
      page.querySelector<HTMLButtonElement>(".rehearsal button")?.click();
      await drawn();
      expect(church.of("DELETE events/gatherings/g1/rehearsal")).toHaveLength(1);
      expect(undoBar()).toBe(words.rehearsalEnded);
      expect(page.querySelector(".rehearsal")).toBeNull();
      expect(page.querySelector(".closed")?.textContent).toBe(words.roomClosed);
      expect(page.querySelectorAll(".stream li")).toHaveLength(0);
    });

    const snapshot = (of: object) => ({ room: of, messages: [], reactions: {}, pins: [], older: false });
    const both = [
      { room, read_to: 0, unread: 0 },
      { room: rehearsal, read_to: 0, unread: 0 },
    ];
    const box = () => page.querySelector("#write") as HTMLInputElement;
    const type = (text: string) => {
      box().value = text;
      box().dispatchEvent(new Event("input", { bubbles: true }));
    };
    const go = async (id: string) => {
      const choice = page.querySelector(".tabs select") as HTMLSelectElement;
      choice.value = id;
      choice.dispatchEvent(new Event("change"));
      await drawn();
    };

    async function rehearse(): Promise<void> {
      PlayedSocket.snapshots["chat:r9"] = snapshot(rehearsal);
      PlayedSocket.snapshots["held:r9"] = { held: [] };
      window.history.replaceState(null, "", "?room=r9");
      await open(both);
      window.history.replaceState(null, "", window.location.pathname);
    }

    it("that another host ends leaves its words in its box, and sends them to no other room", async () => {
      await rehearse();
      type("Paul must not come near the camera");
      box().focus();
      church.on("GET chat/rooms", { rooms: [both[0] as object] });
      window.dispatchEvent(new Event("online"));
      await drawn();
      expect(page.querySelector(".closed")?.textContent).toBe(words.roomClosed);
      expect(document.activeElement).toBe(box()); // keys that are pressed go on being letters
      expect(box().value).toBe("Paul must not come near the camera");
      box().form?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
      await drawn();
      expect(PlayedSocket.last.pushed).toEqual([]);
      await go("r1");
      expect(page.querySelector(".closed")).toBeNull();
      expect(page.querySelectorAll(".stream li")).toHaveLength(2);
      expect(box().value).toBe("");
      await submit(page, { write: "Welcome!" }, ".composer");
      expect(PlayedSocket.last.pushed[0]).toMatchObject({ topic: "chat:r1", data: { body: "Welcome!" } });
    });

    it("stays open when it is the only room and has closed", async () => {
      await rehearse();
      type("half");
      church.on("GET chat/rooms", { rooms: [] });
      window.dispatchEvent(new Event("online"));
      await drawn();
      expect(page.querySelector(".closed")).not.toBeNull();
      expect(box().value).toBe("half");
    });

    it("keeps what was begun in it while another room is open", async () => {
      await rehearse();
      type("private");
      await go("r1");
      expect(box().value).toBe("");
      type("public");
      await go("r9");
      expect(box().value).toBe("private");
      await press("q", page);
      await press("q", page);
      expect(box().value).toBe("private");
    });
  });

  it("gives words that were not taken back to the room they were written in", async () => {
    const other = { ...room, id: "r2", title: "Evening" };
    PlayedSocket.snapshots["chat:r2"] = { room: other, messages: [], reactions: {}, pins: [], older: false };
    PlayedSocket.snapshots["held:r2"] = { held: [] };
    await open([room, other].map((one) => ({ room: one, read_to: 0, unread: 0 })));
    PlayedSocket.refuse = "room_closed";
    page.querySelector<HTMLInputElement>("#write")?.focus();
    const sent = submit(page, { write: "For the morning" }, ".composer");
    const choice = page.querySelector(".tabs select") as HTMLSelectElement;
    choice.value = "r2";
    choice.dispatchEvent(new Event("change"));
    await sent;
    await drawn();
    expect(page.querySelector<HTMLInputElement>("#write")?.value).toBe("");
    choice.value = "r1";
    choice.dispatchEvent(new Event("change"));
    await drawn();
    expect(page.querySelector<HTMLInputElement>("#write")?.value).toBe("For the morning");
  });

  const hold = async (key: string, at: Element = page) => {
    at.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, repeat: true }));
    await drawn();
  };

  it("does nothing again while a key is held, but for moving", async () => {
    church.on("POST chat/held/mheld/approve", {}).on("PUT safety/lockdown", {});
    await open();
    await hold("l");
    await press("q");
    await choose("mheld");
    await hold("a");
    expect(church.asked.filter(({ method, path }) => method !== "GET" && path !== "auth/socket")).toEqual([]);
    await hold("j", page.querySelector('[data-id="mheld"]') as Element);
    expect(page.chosen).toBe("m2");
  });

  it("does one thing at a time, says so, and does different cases side by side", async () => {
    let free = () => {};
    const waits = new Promise<void>((done) => {
      free = done;
    });
    church.on("PUT safety/lockdown", {}).on("DELETE chat/rooms/r1/messages/m2", null);
    await open();
    page.api.send = new Proxy(page.api.send, {
      apply: async (send, self, [method, path, body]) => {
        const answer = await Reflect.apply(send, self, [method, path, body]);
        if (path === "safety/lockdown") await waits;
        return answer;
      },
    });
    await press("l");
    await press("l");
    expect(church.of("PUT safety/lockdown")).toHaveLength(1);
    expect(page.querySelector('[role="alert"]')?.textContent).toBe(words.oneByOne);
    await choose("m2");
    await press("d");
    expect(church.of("DELETE chat/rooms/r1/messages/m2")).toHaveLength(1);
    free();
    await drawn();
    expect(page.querySelector(".desk > .alert")).toBeNull();
  });

  describe("somebody whom the server protects", () => {
    const said = (id: string) => message(1, { author: { id, kind: "person", name: "Paul", label: "Host" } });
    const keys = () =>
      [...page.querySelectorAll(".acts [aria-keyshortcuts]")].map((one) =>
        one.getAttribute("aria-keyshortcuts"),
      );
    const as = (...roles: string[]) => {
      page.remove();
      const shown = document.createElement("narthex-live") as NarthexLive;
      Object.assign(shown, {
        api: church.api,
        slug: "grace",
        session: { person: { id: "p1", name: "Ruth", roles }, csrf: "c" },
      });
      page = shown;
      document.body.append(page);
      return drawn();
    };

    beforeEach(() => {
      PlayedSocket.snapshots["chat:r1"] = {
        room,
        messages: [said("p2"), message(2)],
        reactions: {},
        pins: [],
        older: false,
      };
      church
        .on("GET moderation/people", [
          { id: "p2", name: "Paul", teams: ["chat"] },
          { id: "v1", name: "Troll", teams: ["prayer"] },
        ])
        .on(
          "GET accounts",
          { items: [{ id: "p3", roles: ["moderator"] }], next: "more" },
          { items: [{ id: "p2", roles: ["owner", "pastor"] }], next: null },
        );
    });

    it("is not restrained by a moderator: other hosts", async () => {
      await open();
      await choose("m1");
      expect(keys()).toEqual(["d", "p", "c"]);
      await press("5");
      expect(church.asked.filter(({ method }) => method === "PUT")).toEqual([]);
      await choose("m2");
      expect(keys()).toContain("b"); // who prays with others is no host
    });

    it("is not restrained by an administrator: owners", async () => {
      await open();
      await as("admin");
      await choose("m1");
      expect(keys()).toEqual(["d", "p", "c"]);
      expect(church.of("GET accounts").map(({ query }) => query.after)).toEqual([undefined, "more"]);
    });

    it("is nobody for an owner", async () => {
      await open();
      await as("owner");
      await choose("m1");
      expect(keys()).toContain("b");
    });
  });

  it("on a phone goes back to the list before it goes back to the page before", async () => {
    vi.stubGlobal("matchMedia", () => ({ matches: true }));
    await open();
    const before = window.history.length;
    await choose("m2");
    await choose("m1");
    expect(window.history.length).toBe(before + 1);
    window.history.back();
    await drawn();
    expect(page.querySelector("narthex-case")).toBeNull();
    await choose("m2");
    const left = new Promise((done) => window.addEventListener("popstate", done, { once: true }));
    page.querySelector<HTMLButtonElement>(".shut")?.click();
    await left; // shut by its button, its entry is gone too
    expect(page.querySelector("narthex-case")).toBeNull();
  });

  it("asks how long to keep somebody out, and lifts the ban again", async () => {
    church.on("POST safety/bans", { id: "b1" }).on("POST safety/bans/b1/lift", {});
    await open();
    await choose("m2");
    await press("b");
    const days = page.querySelector("#ban-days") as HTMLSelectElement;
    expect(document.activeElement).toBe(days);
    days.value = "0";
    await submit(page, { "ban-reason": "spam" }, "form.ban");
    await drawn();
    expect(church.of("POST safety/bans")[0]?.body).toEqual({
      person: "v1",
      name: "Troll",
      kinds: ["account", "device"],
      reason: "spam",
      expires_at: null,
      clear: false,
    });
    await press("z");
    expect(church.of("POST safety/bans/b1/lift")).toHaveLength(1);
  });

  it("decides one waiting case after the other without leaving the keys", async () => {
    church.on("POST chat/held/mheld/approve", {}).on("POST chat/reports/m2/dismiss", null);
    await open();
    await press("q");
    await choose("mheld");
    await press("a");
    expect(church.of("POST chat/held/mheld/approve")).toHaveLength(1);
    expect(page.chosen).toBe("m2");
    church.on("GET chat/reports", { items: [], next: null });
    await press("a");
    expect(church.of("POST chat/reports/m2/dismiss")).toHaveLength(1);
    expect(page.querySelector(".left .empty")?.textContent).toBe(words.noCases);
  });

  it("keeps the focus when another host decides the case that had it", async () => {
    await open();
    await press("q");
    await choose("mheld");
    page.querySelector<HTMLElement>('[data-id="mheld"]')?.focus();
    PlayedSocket.last.event("held:r1", "message.declined", { id: "mheld", room: "r1", state: "declined" });
    await drawn();
    expect((document.activeElement as HTMLElement).dataset.id).toBe("m2");
  });

  it("says that somebody was quicker, and lets go of the case", async () => {
    church.on("POST chat/held/mheld/decline", problem(409, "already_decided"));
    await open();
    await press("q");
    await choose("mheld");
    await press("x");
    expect(page.querySelector('[role="alert"]')?.textContent).toBe(words.codes.already_decided);
    expect(page.querySelector('[data-id="mheld"]')).toBeNull();
  });

  it("does nothing about oneself or a church's own words, and nothing by key in a box", async () => {
    PlayedSocket.snapshots["chat:r1"] = {
      room,
      messages: [message(1, { author: { id: "p1", kind: "person", name: "Ruth" } })],
      reactions: {},
      pins: [],
      older: false,
    };
    await open();
    await choose("m1");
    const keys = [...page.querySelectorAll(".acts [aria-keyshortcuts]")].map(
      (one) => one.ariaKeyShortcuts ?? one.getAttribute("aria-keyshortcuts"),
    );
    expect(keys).toEqual(["d", "p"]);
    await press("d", page.querySelector("#write") as Element);
    expect(church.of("DELETE chat/rooms/r1/messages/m1")).toEqual([]);
  });

  it("lets single keys be switched off", async () => {
    await open();
    await choose("m2");
    page.querySelector<HTMLInputElement>(".keys input")?.click();
    await press("d");
    expect(church.asked.filter(({ method }) => method === "DELETE")).toEqual([]);
  });

  it("locks down and opens again, changes slow mode, and takes both back", async () => {
    church.on("PUT safety/lockdown", {}).on("PATCH chat/rooms/r1", {});
    await open();
    await press("l");
    await press("z");
    expect(church.of("PUT safety/lockdown").map(({ body }) => body)).toEqual([
      { locked: true },
      { locked: false },
    ]);
    const slow = page.querySelector("#slow") as HTMLSelectElement;
    slow.value = "30";
    slow.dispatchEvent(new Event("change"));
    await drawn();
    await press("z");
    expect(church.of("PATCH chat/rooms/r1").map(({ body }) => body)).toEqual([
      { slow_seconds: 30 },
      { slow_seconds: 0 },
    ]);
  });

  it("writes into the room, and gives the words back when they were not taken", async () => {
    await open();
    await submit(page, { write: "Welcome, all!" }, ".composer");
    expect(PlayedSocket.last.pushed[0]).toMatchObject({
      topic: "chat:r1",
      event: "message.send",
      data: { body: "Welcome, all!" },
    });
    expect(page.querySelector<HTMLInputElement>("#write")?.value).toBe("");
    PlayedSocket.refuse = "room_closed";
    await submit(page, { write: "Too late" }, ".composer");
    await drawn();
    expect(page.querySelector<HTMLInputElement>("#write")?.value).toBe("Too late");
    expect(page.querySelector('[role="alert"]')?.textContent).toBe(words.notSent);
  });

  it("says that it is reconnecting, and keeps what is on the screen", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.99); // the longest first wait, so that it can be seen
    await open();
    PlayedSocket.last.cut();
    await drawn();
    expect(page.querySelector(".status")?.textContent).toContain(words.reconnecting);
    expect(page.querySelectorAll(".stream li")).toHaveLength(2);
  });

  it("opens a back channel for hosts, once", async () => {
    const hosts = { ...room, id: "r2", kind: "hosts", title: "Hosts" };
    PlayedSocket.snapshots["chat:r2"] = {
      room: hosts,
      messages: [],
      reactions: {},
      versions: {},
      pins: [],
      older: false,
    };
    PlayedSocket.snapshots["held:r2"] = { held: [] };
    church.on("POST chat/rooms", hosts);
    await open();
    church.on("GET chat/rooms", {
      rooms: [
        { room, read_to: 0, unread: 0 },
        { room: hosts, read_to: 0, unread: 0 },
      ],
    });
    [...page.querySelectorAll("button")].find((one) => one.textContent === words.openBackChannel)?.click();
    await drawn();
    expect(church.of("POST chat/rooms")[0]?.body).toEqual({ kind: "hosts", title: words.backChannel });
    expect(page.textContent).not.toContain(words.openBackChannel);
    expect(page.querySelector(".left .empty")?.textContent).toBe(words.noMessages);
  });

  it("has a sentence for a church without rooms, and a way on when they did not come", async () => {
    await open([]);
    expect(page.querySelector(".empty")?.textContent).toBe(words.noRooms);
    page.remove();
    church = new Church()
      .on("GET chat/reports", problem(503, "unavailable"))
      .on("GET chat/notes", { items: [], next: null });
    await open();
    expect(page.querySelector('[role="alert"]')).not.toBeNull();
    church.on("GET chat/reports", { items: [], next: null });
    [...page.querySelectorAll("button")].find((one) => one.textContent === "Try again")?.click();
    await drawn();
    expect(page.querySelectorAll(".stream li")).toHaveLength(2);
  });
});
