import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { OwnRequest } from "../core/generated";
import type { Page } from "../core/page";
import { Speech } from "../core/speech";
import { NarthexPrayerForm } from "./form";
import { NarthexOwnPrayer } from "./own";
import { Asker } from "./page";
import { show as turn } from "./turn";
import { en, type Key } from "./words/en";

customElements.define("narthex-own-prayer", NarthexOwnPrayer);
customElements.define("narthex-prayer-form", NarthexPrayerForm);

let own: NarthexOwnPrayer;
let asker: Asker;
let state: OwnRequest["state"];
let refuse: { status: number; code: string } | null;
let sent: string[];

const speech = new Speech<Key>("en", en);
const button = (label: Key) =>
  [...own.querySelectorAll("button")].find(({ textContent }) => textContent === en[label]);
const alert = () => own.querySelector("[role=alert]")?.textContent ?? "";
const told = () => own.querySelector("[role=status]")?.textContent ?? "";
const press = async (label: Key) => {
  button(label)?.focus();
  button(label)?.click();
  await own.updateComplete;
  await Promise.resolve();
};

beforeEach(async () => {
  [state, refuse, sent] = ["approved", null, []];
  localStorage.clear();
  vi.stubGlobal("fetch", async (url: string, { method }: RequestInit) => {
    if (method !== "GET") sent.push(url.split("/").at(-1) ?? "");
    if (method !== "GET" && refuse) return Response.json({ code: refuse.code }, { status: refuse.status });
    return Response.json({ id: "one", state, body: "Please pray", at: "2026-03-01T10:00:00Z" });
  });
  asker = new Asker({ api: "/api", church: { slug: "grace", name: "Grace", status: "active" } } as Page);
});
afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function show(): Promise<void> {
  own = Object.assign(new NarthexOwnPrayer(), {
    visitor: asker,
    speech,
    link: { id: "one", token: "t" },
    back: () => {},
  });
  document.body.append(own);
  await vi.waitFor(() => expect(own.querySelector("article")).not.toBeNull());
}

describe("one's own request", () => {
  it("says why it could not be renewed, beside the button, and may be tried again", async () => {
    state = "expired";
    refuse = { status: 429, code: "limited" };
    await show();
    await press("renew");
    await vi.waitFor(() => expect(alert()).toBe(en.error_limited));
    refuse = null;
    await press("renew");
    await vi.waitFor(() => expect(told()).toBe(en.done));
    expect(alert()).toBe("");
  });

  it("is not taken back by the Enter that asked whether it shall be", async () => {
    await show();
    await press("withdraw");
    await vi.waitFor(() => expect(document.activeElement?.textContent).toBe(en.withdrawSure));
    expect(document.activeElement?.matches("button")).toBe(false);
    expect(sent).toEqual([]);
  });

  it.each(["withdraw", "change", "addUpdate", "markAnswered"] as const)(
    "leaves the focus where it was when %s is given up",
    async (label) => {
      await show();
      await press(label);
      await press("cancel");
      await vi.waitFor(() => expect(document.activeElement).toBe(button(label)));
    },
  );

  it("says for a while that it is done, and goes on where it was begun, or at the title", async () => {
    await show();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    await press("addUpdate");
    own.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true }));
    await vi.waitUntil(() => told() === en.done);
    await vi.waitUntil(() => document.activeElement === button("addUpdate"));
    vi.advanceTimersByTime(8_000);
    await own.updateComplete;
    expect(told()).toBe("");
    await press("withdraw");
    state = "withdrawn";
    own.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true }));
    await vi.waitUntil(() => document.activeElement === own.querySelector("h1"));
    expect(sent).toEqual(["updates", "withdraw"]);
  });

  it("and the form stand in each other's place, and one reads on from the title", async () => {
    const form = Object.assign(new NarthexPrayerForm(), { visitor: asker, speech });
    turn(form);
    await form.updateComplete;
    expect(document.activeElement).toBe(document.body); // the first page takes the focus from nobody
    own = Object.assign(new NarthexOwnPrayer(), { visitor: asker, speech, link: { id: "one", token: "t" } });
    turn(own);
    await vi.waitFor(() => expect(document.activeElement).toBe(own.querySelector("h1")));
    expect(form.isConnected).toBe(false);
  });
});
