import { render } from "lit";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { GatheringShown } from "../core/generated";
import { Chat } from "./chat";
import { type Speech, speak } from "./speech";
import { bar, stage } from "./stages";
import { ChurchInMemory } from "./testing/church";

let speech: Speech;
let chat: Chat;
const { room, gathering } = new ChurchInMemory();

beforeEach(async () => {
  localStorage.clear();
  sessionStorage.clear();
  speech = await speak(["en"], {});
  chat = new Chat({
    church: { slug: "grace", name: "Grace; on the hill", status: "active" },
    sites: [],
    theme: {},
    texts: {},
    consent: { version: "1", url: "" },
    api: "/api/v1/grace",
    live: "ws://127.0.0.1:9/live/grace",
  });
});
afterEach(() => vi.restoreAllMocks());

function drawn(view: unknown): HTMLElement {
  const place = document.createElement("div");
  render(view, place);
  return place;
}
const ended = (code: number) => ({ kind: "ended", code, reason: "" }) as const;

describe("what stands in place of the room", () => {
  it("is the pause of the church, also when its socket was sent away", () => {
    chat.stage = "suspended";
    chat.connection = ended(4501);
    expect(drawn(stage(chat, speech)).textContent).toContain("Grace; on the hill has paused its chat");
  });

  it.each([
    ["a ban", () => Object.assign(chat, { stage: "room", connection: ended(4504) }), "A host has closed it"],
    [
      "a ban in the room",
      () => Object.assign(chat, { stage: "failed", why: "banned" }),
      "A host has closed it",
    ],
    [
      "a closed door",
      () => Object.assign(chat, { stage: "room", connection: ended(4501) }),
      "not open to you",
    ],
    ["a failure", () => Object.assign(chat, { stage: "failed" }), "Nothing is lost"],
  ])("after %s says so and offers to try again", (_, prepare, text) => {
    prepare();
    const again = vi.spyOn(chat, "again").mockImplementation(() => {});
    const card = drawn(stage(chat, speech));
    expect(card.textContent).toContain(text);
    card.querySelector("button")?.click();
    expect(again).toHaveBeenCalledOnce();
  });

  it("of a page that speaks another protocol than the server says that it is too old", () => {
    chat.connection = ended(4510);
    expect(drawn(stage(chat, speech)).textContent).toContain("This page is too old");
  });
});

describe("a closed room", () => {
  it("offers the next gathering as a calendar entry that says where", async () => {
    const past = "2020-01-01T00:00:00Z";
    chat.room.shown = { ...room, closes_at: past };
    chat.next = { ...gathering, title: "Evening prayer" } satisfies GatheringShown;
    const made = vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:x");
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(() => {});
    drawn(bar(chat, speech)).querySelector<HTMLElement>("button.secondary")?.click();
    const [[offered] = []] = made.mock.calls;
    const file = await (offered as Blob).text();
    expect(file).toContain("SUMMARY:Evening prayer");
    expect(file).toContain("LOCATION:Grace\\; on the hill");
  });
});
