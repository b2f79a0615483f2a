import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ELEMENTS } from "../elements";
import { messages } from "../messages";
import { Church, problem, settled, submit } from "../testing/server";
import { accountWords } from "../words/account";
import type { NarthexAccount } from "./page";
import { modules } from "./qr";

for (const [name, element] of ELEMENTS) customElements.define(name, element);

const words = accountWords.en;
const uri = "otpauth://totp/Grace%20Church:ruth@grace.example?secret=ABCDEFGHIJKLMNOP&issuer=Grace%20Church";
const mine = {
  id: "s1",
  kind: "console",
  device: "Firefox",
  site: "",
  second_factor: false,
  created_at: "2026-03-01T10:00:00Z",
  used_at: "2026-03-01T10:00:00Z",
  current: true,
};
const other = { ...mine, id: "s2", device: "Phone", current: false };
let church: Church;
let page: NarthexAccount;

async function open(factors: object = { totp: false, recovery_codes: 0 }): Promise<void> {
  church.on("GET factors", factors).on("GET sessions", { items: [mine, other], next: null });
  church.on("GET accounts/me", { email: "ruth@grace.example" });
  page = document.createElement("narthex-account") as NarthexAccount;
  page.api = church.api;
  page.session = { person: { id: "p1", name: "Ruth", roles: ["moderator"] }, csrf: "c" };
  document.body.append(page);
  await settled();
}

const part = (name: string) => page.querySelector(`narthex-${name}`) as HTMLElement;
const button = (root: Element, text: string) =>
  [...root.querySelectorAll("button")].find((one) => one.textContent?.trim() === text) as HTMLButtonElement;
const said = (root: Element) => root.querySelector(".notice")?.textContent;

beforeEach(() => {
  church = new Church();
});
afterEach(() => page.remove());

describe("the second factor", () => {
  it("is set up by password, picture or key, and a code; recovery codes are shown once", async () => {
    church.on("POST factors/totp", { secret: "ABCDEFGHIJKLMNOP", uri });
    church.on("POST factors/totp/confirm", { codes: ["aaaaa-bbbbb-ccccc", "ddddd-eeeee-fffff"] });
    await open();
    await submit(part("factor"), { "factor-password": "a long walk" });
    expect(church.of("POST factors/totp")[0]?.body).toEqual({ password: "a long walk" });
    expect(part("factor").querySelector("svg.qr path")?.getAttribute("d")).toBe(modules(uri).path);
    expect(part("factor").querySelector(".secret")?.textContent).toBe("ABCD EFGH IJKL MNOP");
    expect(part("factor").querySelector("a.safe")?.getAttribute("href")).toBe(uri);
    await submit(part("factor"), { "factor-code": "123 456" });
    expect(church.of("POST factors/totp/confirm")[0]?.body).toEqual({ code: "123456" });
    expect(part("factor").querySelectorAll(".codes li")).toHaveLength(2);
    expect(part("factor").querySelector<HTMLAnchorElement>("a[download]")?.href).toContain(
      "aaaaa-bbbbb-ccccc",
    );
    church.on("GET factors", { totp: true, recovery_codes: 2 });
    button(part("factor"), words.kept).click();
    await settled();
    expect(part("factor").textContent).not.toContain("aaaaa-bbbbb-ccccc");
    expect(part("factor").textContent).toContain(words.codesLeft(2));
  });

  it("says that a code was wrong and keeps the picture", async () => {
    church.on("POST factors/totp", { secret: "ABCDEFGHIJKLMNOP", uri });
    church.on("POST factors/totp/confirm", problem(401, "bad_totp"));
    await open();
    await submit(part("factor"), { "factor-password": "a long walk" });
    await submit(part("factor"), { "factor-code": "000000" });
    expect(part("factor").querySelector('[role="alert"]')?.textContent).toBe(messages.en.codes.bad_totp);
    expect(part("factor").querySelector("svg.qr")).not.toBeNull();
  });

  it("warns when no recovery code is left", async () => {
    await open({ totp: true, recovery_codes: 0 });
    expect(part("factor").textContent).toContain(words.noCodes);
  });
});

describe("the sessions", () => {
  it("are listed; another device's can be ended, this one's not by accident", async () => {
    church.on("DELETE sessions/s2", null);
    await open();
    const buttons = part("sessions").querySelectorAll("li button");
    expect(buttons).toHaveLength(1);
    (buttons[0] as HTMLButtonElement).click();
    await settled();
    expect(part("sessions").querySelectorAll("li")).toHaveLength(1);
    expect(said(part("sessions"))).toBe(words.ended);
  });

  it("all end at once, and the console returns to the sign-in", async () => {
    church.on("POST sessions/end-all", null);
    await open();
    let left = false;
    page.addEventListener("signed-out", () => {
      left = true;
    });
    button(part("sessions"), words.everywhere).click();
    await settled();
    expect(left).toBe(true);
  });
});

describe("the password", () => {
  it("is changed with the present one, and both boxes are emptied", async () => {
    church.on("POST accounts/me/password", null);
    await open();
    await submit(part("password"), { old: "old one", new: "another walk, in the woods" });
    expect(church.of("POST accounts/me/password")[0]?.body).toEqual({
      old: "old one",
      new: "another walk, in the woods",
    });
    expect(said(part("password"))).toBe(words.changed);
    expect(part("password").querySelector<HTMLInputElement>("#old")?.value).toBe("");
  });

  it("stays, with what was typed, when the present one is wrong; the session goes on", async () => {
    church.on("POST accounts/me/password", problem(401, "bad_credentials"));
    await open();
    let over = false;
    church.api.onSignedOut = () => {
      over = true;
    };
    await submit(part("password"), { old: "wrong", new: "another walk, in the woods" });
    expect(part("password").querySelector('[role="alert"]')?.textContent).toBe(
      messages.en.codes.bad_credentials,
    );
    expect(part("password").querySelector<HTMLInputElement>("#old")?.value).toBe("wrong");
    expect(over).toBe(false);
  });
});

describe("the address", () => {
  it("changes by a letter to the new one", async () => {
    church.on("POST links/email", null);
    await open();
    expect(part("email").textContent).toContain("ruth@grace.example");
    await submit(part("email"), { email: "new@grace.example", "email-password": "a long walk" });
    expect(church.of("POST links/email")[0]?.body).toEqual({
      email: "new@grace.example",
      password: "a long walk",
    });
    expect(said(part("email"))).toBe(words.asked("new@grace.example"));
  });
});
