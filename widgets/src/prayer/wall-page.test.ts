import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RequestShown } from "../core/generated";
import { HttpError } from "../core/http";
import type { Page } from "../core/page";
import { Speech } from "../core/speech";
import { Asker } from "./page";
import type { Wall } from "./wall";
import { NarthexWallPage } from "./wall-page";
import { en, type Key } from "./words/en";

customElements.define("narthex-wall-page", NarthexWallPage);

let view: NarthexWallPage;
let sent: { path: string; key: string | undefined }[];
let answers: (Response | "offline")[];
const more = vi.fn();

const button = (label: string, within = "") =>
  [...view.querySelectorAll<HTMLButtonElement>(`${within} button`)].find(
    (one) => one.textContent === label || one.getAttribute("aria-label") === label,
  );
const notice = () => view.querySelector(".notice")?.textContent ?? "";
const dialog = () => view.querySelector("dialog");

beforeEach(async () => {
  [sent, answers] = [[], []];
  more.mockReset();
  localStorage.clear();
  vi.stubGlobal("fetch", async (url: string, { headers }: RequestInit) => {
    sent.push({ path: url, key: (headers as Record<string, string>)["idempotency-key"] });
    const answer = answers.shift() ?? new Response(null, { status: 204 });
    if (answer === "offline") throw new TypeError("Failed to fetch");
    return answer;
  });
  const request: RequestShown = { id: "one", state: "approved", body: "words", on: "2026-03-01" };
  const wall = {
    requests: new Map([["one", request]]),
    list: [request],
    prayed: new Map(),
    mine: new Set(),
    older: true,
    shown: true,
    refused: "",
    state: { kind: "online" },
    more,
  };
  const visitor = new Asker({
    api: "/api",
    church: { slug: "grace", name: "Grace", status: "active" },
    consent: { version: "1", url: "" },
  } as Page);
  view = Object.assign(new NarthexWallPage(), {
    visitor,
    wall: wall as unknown as Wall,
    speech: new Speech<Key>("en", en),
    ask: () => {},
  });
  document.body.append(view);
  await view.updateComplete;
});
afterEach(() => {
  view.remove();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Open the report of the first request. */
async function report(): Promise<void> {
  const opener = button(en.more);
  opener?.focus();
  opener?.click();
  await vi.waitFor(() => expect(dialog()?.open).toBe(true));
  button(en.report, "dialog")?.click();
  await vi.waitFor(() => expect(dialog()?.querySelector("[type=radio]")).not.toBeNull());
}
async function submit(): Promise<void> {
  view.querySelector<HTMLInputElement>("dialog [value=spam]")?.click();
  view.querySelector("dialog form")?.dispatchEvent(new Event("submit", { cancelable: true }));
  await vi.waitFor(() => expect(view.busy).toBe(false));
  await view.updateComplete;
}

describe("the wall's page", () => {
  it("says for a while that older requests could not be had", async () => {
    more.mockRejectedValue(new HttpError(0, "offline"));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    button(en.older)?.click();
    await vi.waitUntil(() => notice() === en.error_offline);
    vi.advanceTimersByTime(10_000);
    await view.updateComplete;
    expect(notice()).toBe("");
  });

  it("closes its dialog before it takes it away: that is how the focus comes back", async () => {
    await report();
    expect(document.activeElement).toBe(view.querySelector("dialog [type=radio]")); // the button that led here is gone
    const close = vi.spyOn(dialog() as HTMLDialogElement, "close");
    button(en.cancel, "dialog")?.click();
    await vi.waitFor(() => expect(dialog()).toBeNull());
    expect(close).toHaveBeenCalledOnce();
    await report();
    // browsers tell of it a moment later
    const again = vi.spyOn(dialog() as HTMLDialogElement, "close").mockImplementation(function close(
      this: HTMLDialogElement,
    ) {
      setTimeout(() => this.dispatchEvent(new Event("close")));
    });
    await submit();
    expect(again).toHaveBeenCalledOnce();
    await vi.waitFor(() => expect(dialog()).toBeNull());
    expect(notice()).toBe(en.reported); // closing does not take the thanks away
  });

  it("sends a report under one name however often it is tried", async () => {
    answers = ["offline", Response.json({ code: "answer_lost" }, { status: 409 })];
    await report();
    await submit();
    expect(view.querySelector("dialog [role=alert]")?.textContent).toBe(en.error_offline);
    await submit();
    expect(notice()).toBe(en.reported); // it had arrived
    expect(sent.map(({ path }) => path)).toEqual(["/api/wall/one/flag", "/api/wall/one/flag"]);
    expect(sent[0]?.key).toMatch(/^[0-9a-f-]{36}$/);
    expect(sent[1]?.key).toBe(sent[0]?.key);
  });

  it("closes what was open for somebody who is gone", async () => {
    await report();
    view.leading = { queue: [...view.wall.list], next: null };
    view.wall.left();
    await view.updateComplete;
    expect([dialog(), view.leading]).toEqual([null, null]);
  });
});
