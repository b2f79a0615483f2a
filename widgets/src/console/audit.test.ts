import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NarthexAudit } from "./audit";
import { ELEMENTS } from "./elements";
import { Church, settled } from "./testing/server";
import { auditWords } from "./words/audit";

for (const [name, element] of ELEMENTS) customElements.define(name, element);

const words = auditWords.en;
const entry = {
  seq: 7,
  at: "2026-03-01T10:00:00Z",
  actor: { kind: "person", id: "p1", name: "Anna" },
  action: "links.invited",
  subject: "0198c0de-0000-7000-8000-00000000abcd",
  details: { roles: ["moderator"] },
  request_id: "r",
  address: "192.0.2.1",
};
let church: Church;
let page: NarthexAudit;

async function open(): Promise<void> {
  page = document.createElement("narthex-audit") as NarthexAudit;
  page.api = church.api;
  document.body.append(page);
  await settled();
}

const last = () => church.of("GET audit").at(-1)?.query;

beforeEach(() => {
  church = new Church().on("GET audit", { items: [entry], next: null });
});
afterEach(() => page.remove());

describe("<narthex-audit>", () => {
  it("says in plain words who did what", async () => {
    await open();
    const text = page.querySelector(".list li")?.textContent ?? "";
    for (const part of [words.actions["links.invited"], "Anna", "#7", "192.0.2.1"])
      expect(text).toContain(part);
  });

  it("shows an action it has no words for as the server names it", async () => {
    church.on("GET audit", { items: [{ ...entry, action: "new.thing_done" }], next: null });
    await open();
    expect(page.querySelector(".list strong")?.textContent).toBe("new.thing_done");
  });

  it("chooses by action, by person and by subject, and lets go of each", async () => {
    await open();
    const select = page.querySelector("select") as HTMLSelectElement;
    select.value = "links.invited";
    select.dispatchEvent(new Event("change"));
    await settled();
    expect(last()).toEqual({ action: "links.invited" });
    page.querySelector<HTMLButtonElement>(`[aria-label="${words.by}: Anna"]`)?.click();
    await settled();
    expect(last()).toEqual({ action: "links.invited", actor: "p1" });
    page.querySelector<HTMLButtonElement>(".filters button")?.click();
    await settled();
    expect(last()).toEqual({ action: "links.invited" });
  });

  it("goes on where the page ended", async () => {
    church.on("GET audit", { items: [entry], next: "c1" }, { items: [{ ...entry, seq: 6 }], next: null });
    await open();
    [...page.querySelectorAll("button")].at(-1)?.click();
    await settled();
    expect(last()).toEqual({ after: "c1" });
    expect(page.querySelectorAll(".list > li")).toHaveLength(2);
  });

  it.each([
    [
      { intact: true, entries: 7, head_seq: 7, head_hash: "ab", broken_at: null, reason: "" },
      words.intact(7),
    ],
    [
      { intact: false, entries: 7, head_seq: 7, head_hash: "ab", broken_at: 3, reason: "hash" },
      words.broken(3),
    ],
  ])("tells what the check found: %#", async (verdict, sentence) => {
    church.on("GET audit/verify", verdict);
    await open();
    [...page.querySelectorAll("button")].find((one) => one.textContent === words.verify)?.click();
    await settled();
    expect(page.textContent).toContain(sentence);
  });

  it("has a sentence for a history without entries", async () => {
    church.on("GET audit", { items: [], next: null });
    await open();
    expect(page.querySelector(".empty")?.textContent).toBe(words.empty);
  });
});
