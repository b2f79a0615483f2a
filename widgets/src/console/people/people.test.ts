import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ELEMENTS } from "../elements";
import { messages } from "../messages";
import { Church, problem, settled, submit, wrongField } from "../testing/server";
import { peopleWords } from "../words/people";
import type { NarthexPeople } from "./page";
import { covered } from "./roles";

for (const [name, element] of ELEMENTS) customElements.define(name, element);

const words = peopleWords.en;
const anna = {
  id: "p1",
  name: "Anna",
  email: "anna@grace.example",
  status: "active",
  roles: ["member", "owner"],
};
const ruth = {
  id: "p2",
  name: "Ruth",
  email: "ruth@grace.example",
  status: "active",
  roles: ["member", "moderator"],
};
const open1 = {
  id: "i1",
  email: "new@grace.example",
  roles: ["moderator"],
  expires_at: "2026-03-08T10:00:00Z",
};
let church: Church;
let page: NarthexPeople;

async function open(roles = ["owner"]): Promise<void> {
  page = document.createElement("narthex-people") as NarthexPeople;
  page.api = church.api;
  page.session = { person: { id: "p1", name: "Anna", roles }, csrf: "c" };
  document.body.append(page);
  await settled();
}

const press = async (label: string): Promise<void> => {
  const found = [...page.querySelectorAll("button")].find(
    (one) => (one.getAttribute("aria-label") ?? one.textContent?.trim()) === label,
  );
  if (!found) throw new Error(`no button ${label}`);
  found.click();
  await settled();
};

beforeEach(() => {
  church = new Church().on("GET accounts", { items: [anna, ruth], next: null });
  church.on("GET links/invitations", { items: [open1], next: null });
});
afterEach(() => page.remove());

describe("<narthex-people>", () => {
  it("lists staff first and everybody on wish, page by page", async () => {
    church.on("GET accounts", { items: [anna], next: "c1" }, { items: [ruth], next: null });
    await open();
    expect(church.of("GET accounts")[0]?.query).toEqual({ staff: "true" });
    await press("Show more");
    expect(church.of("GET accounts")[1]?.query).toEqual({ staff: "true", after: "c1" });
    expect(page.querySelectorAll(".people > li")).toHaveLength(2);
  });

  it("gives and takes roles", async () => {
    church.on("PUT accounts/p2/roles", { ...ruth, roles: ["admin", "member"] });
    await open();
    await press(`${words.changeRoles}: Ruth`);
    const box = (role: string) => page.querySelector(`.editor [value="${role}"]`) as HTMLInputElement;
    expect(box("moderator").checked).toBe(true);
    box("moderator").checked = false;
    box("admin").checked = true;
    await submit(page, {}, ".editor");
    expect(church.of("PUT accounts/p2/roles")[0]?.body).toEqual({ roles: ["admin"] });
    expect(page.textContent).toContain(words.rolesSet("Ruth"));
  });

  it("shows an admin what lies beyond, without letting them touch it", async () => {
    await open(["admin"]);
    await press(`${words.changeRoles}: Ruth`);
    const locked = [...page.querySelectorAll<HTMLInputElement>(".editor input[disabled]")].map(
      ({ value }) => value,
    );
    expect(locked).toEqual(["owner", "pastor", "prayer_team"]);
    expect([...covered(["admin", "pastor"])].sort()).toEqual(["admin", "moderator", "pastor", "prayer_team"]);
  });

  it("pauses somebody and lets them in again, but never oneself", async () => {
    church.on("POST accounts/p2/suspend", { ...ruth, status: "suspended" });
    church.on("POST accounts/p2/resume", ruth);
    await open();
    expect([...page.querySelectorAll("button")].some((one) => one.ariaLabel?.endsWith("Pause: Anna"))).toBe(
      false,
    );
    await press(`${words.suspend}: Ruth`);
    expect(page.querySelector(".badge")?.textContent).toBe(words.suspended);
    await press(`${words.resume}: Ruth`);
    expect(page.querySelector(".badge")).toBeNull();
  });

  it("says in plain words why the last owner stays", async () => {
    church.on("PUT accounts/p1/roles", problem(409, "last_owner"));
    await open();
    await press(`${words.changeRoles}: Anna`);
    await submit(page, {}, ".editor");
    expect(page.querySelector('[role="alert"]')?.textContent).toBe(words.codes.last_owner);
  });

  it("offers to try again when the list did not come", async () => {
    church.on("GET accounts", problem(503, "unavailable"), { items: [anna], next: null });
    await open();
    await press("Try again");
    expect(page.querySelectorAll(".people > li")).toHaveLength(1);
  });
});

describe("<narthex-invitations>", () => {
  it("sends an invitation with roles and language, and empties the form", async () => {
    church.on("POST links/invitations", open1);
    await open();
    await submit(page, { email: " new@grace.example " }, "narthex-invitations form");
    expect(church.of("POST links/invitations")[0]?.body).toEqual({
      email: "new@grace.example",
      roles: ["moderator"],
      locale: "en",
    });
    expect(page.querySelector("narthex-invitations .notice")?.textContent).toBe(
      words.sent("new@grace.example"),
    );
  });

  it("puts a wrong address at its field and keeps it", async () => {
    church.on("POST links/invitations", wrongField("/email", "bad_email"));
    await open();
    await submit(page, { email: "nobody@" }, "narthex-invitations form");
    expect(page.querySelector("#email-error")?.textContent).toBe(messages.en.codes.bad_email);
    expect(page.querySelector<HTMLInputElement>("#email")?.value).toBe("nobody@");
  });

  it("does not bring back what was taken back while the list was on its way", async () => {
    church.on("DELETE links/invitations/i1", null).on("POST links/invitations", open1);
    await open();
    let come = (_: object) => {};
    const slow = new Promise<object>((resolve) => {
      come = resolve;
    });
    church.on("GET links/invitations", slow, { items: [], next: null });
    await submit(page, { email: "other@grace.example" }, "narthex-invitations form");
    await press(`${words.takeBack}: new@grace.example`);
    come({ items: [open1], next: null });
    await settled();
    expect(page.textContent).toContain(words.none);
  });

  it("takes an invitation back", async () => {
    church.on("DELETE links/invitations/i1", null);
    await open();
    await press(`${words.takeBack}: new@grace.example`);
    expect(page.textContent).toContain(words.none);
  });
});
