import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BanShown, RestraintShown } from "../../core/generated";
import { ELEMENTS } from "../elements";
import { Church, problem, settled } from "../testing/server";
import { restrainedWords } from "../words/restrained";
import type { NarthexRestrained } from "./restrained";

for (const [name, element] of ELEMENTS) customElements.define(name, element);

const words = restrainedWords.en;
const ban: BanShown = {
  id: "b1",
  person: "v1",
  name: "Troll",
  kinds: ["account", "device"],
  reason: "spam, again",
  made_by: "Ruth",
  made_at: "2026-03-01T10:00:00Z",
  expires_at: null,
  lifted_at: null,
  lifted_by: null,
};
const timeout: RestraintShown = {
  person: "v2",
  kind: "timeout",
  name: "Max",
  until: new Date(Date.now() + 600_000).toISOString(),
  made_by: "Anna",
  made_at: "2026-03-01T10:00:00Z",
};
const shadow: RestraintShown = { ...timeout, person: "v3", kind: "shadow", name: "Sly" };
let church: Church;
let page: NarthexRestrained;

async function open(bans: BanShown[] = [ban], restraints = [timeout, shadow]): Promise<void> {
  church.on("GET safety/bans", { items: bans, next: null });
  church.on("GET safety/restraints", { items: restraints, next: null });
  page = document.createElement("narthex-restrained") as NarthexRestrained;
  page.api = church.api;
  document.body.append(page);
  await settled();
}

async function press(label: string): Promise<void> {
  page.querySelector<HTMLButtonElement>(`[aria-label="${label}"]`)?.click();
  await settled();
}

beforeEach(() => {
  church = new Church();
});
afterEach(() => page.remove());

describe("<narthex-restrained>", () => {
  it("says of everybody who did it, why and until when", async () => {
    await open();
    const [kept, paused, hidden] = [...page.querySelectorAll(".what")].map((one) => one.textContent);
    for (const part of ["Troll", words.forGood, "by Ruth", words.reason("spam, again"), "account, device"])
      expect(kept).toContain(part);
    for (const part of ["Max", words.acts.timeout, "until", "by Anna"]) expect(paused).toContain(part);
    expect(hidden).toContain(words.acts.shadow);
    expect(church.of("GET safety/bans")[0]?.query).toEqual({ active: "true" });
  });

  it.each([
    [`${words.lift}: Troll`, "POST safety/bans/b1/lift", words.letIn("Troll")],
    [`${words.end}: Max`, "DELETE safety/people/v2/timeout", words.ended("Max")],
    [`${words.end}: Sly`, "DELETE safety/people/v3/shadow", words.ended("Sly")],
  ])("lifts: %s", async (label, request, done) => {
    church.on(request, null);
    await open();
    church.on("GET safety/bans", { items: [], next: null });
    church.on("GET safety/restraints", { items: [], next: null });
    await press(label);
    expect(church.of(request)).toHaveLength(1);
    expect(page.querySelector(".notice")?.textContent).toBe(done);
    expect(page.querySelector("p.muted")?.textContent).toBe(words.nobody);
    expect(document.activeElement).toBe(page.querySelector("h2"));
  });

  it("shows what is over when asked, without a button", async () => {
    await open();
    church.on("GET safety/bans", {
      items: [{ ...ban, lifted_at: "2026-03-02T10:00:00Z", lifted_by: "Anna" }],
      next: null,
    });
    const box = page.querySelector<HTMLInputElement>("input[type=checkbox]");
    box?.focus();
    box?.click();
    await settled();
    expect(document.activeElement).toBe(box); // what one has just pressed stays where it is
    expect(church.of("GET safety/bans")[1]?.query).toEqual({ active: "false" });
    expect(page.querySelector(".what")?.textContent).toContain("by Anna");
    expect(page.querySelector(`[aria-label="${words.lift}: Troll"]`)).toBeNull();
  });

  it("says why something was not lifted, and keeps the list", async () => {
    church.on("POST safety/bans/b1/lift", problem(403, "forbidden"));
    await open();
    await press(`${words.lift}: Troll`);
    expect(page.querySelector('[role="alert"]')).not.toBeNull();
    expect(page.querySelectorAll(".what")).toHaveLength(3);
  });
});
