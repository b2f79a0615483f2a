import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { messages } from "../messages";
import type { SignedIn } from "../sign-in";
import { Church, problem, settled, submit, wrongField } from "../testing/server";
import { linkWords } from "../words/links";
import { NarthexForgot } from "./forgot";
import type { LinkKind } from "./link";
import { type LinkDone, NarthexLink } from "./page";

customElements.define("narthex-link", NarthexLink);
customElements.define("narthex-forgot", NarthexForgot);

const words = linkWords.en;
const codes = messages.en.codes as Record<string, string>;
const token = "t".repeat(43);
const told = { kind: "invite", email: "ruth@example.org", name: "", has_account: false };
const session = { person: { id: "p1", name: "Ruth", roles: ["moderator"] }, csrf: "c" };
let church: Church;
let page: NarthexLink;

async function open(kind: LinkKind): Promise<void> {
  page = document.createElement("narthex-link") as NarthexLink;
  page.church = "Grace Church";
  page.api = church.api;
  page.link = { kind, token };
  document.body.append(page);
  await settled();
}

const heading = () => page.querySelector("h1")?.textContent;
const wrong = (id: string) => page.querySelector(`#${id}-error`)?.textContent;
const done = () =>
  new Promise<LinkDone>((to) => page.addEventListener("link-done", (e) => to(e as LinkDone)));

beforeEach(() => {
  church = new Church();
});
afterEach(() => page.remove());

describe("<narthex-link>", () => {
  it("accepts an invitation with a name and a password, and signs in", async () => {
    church.on("POST links/look", told).on("POST links/invitations/accept", {});
    church.on("POST auth/console/sign-in", session);
    await open("invite");
    expect(heading()).toBe("Welcome to Grace Church");
    let signedIn: SignedIn | undefined;
    page.addEventListener("signed-in", (event) => {
      signedIn = event as SignedIn;
    });
    await submit(page, { name: " Ruth ", password: "a long walk by the lake" });
    expect(church.of("POST links/invitations/accept")[0]?.body).toEqual({
      token,
      name: "Ruth",
      password: "a long walk by the lake",
    });
    expect(signedIn?.session).toEqual(session);
  });

  it("asks who has an account already for nothing but a yes", async () => {
    church.on("POST links/look", { ...told, has_account: true }).on("POST links/invitations/accept", {});
    await open("invite");
    expect(page.querySelectorAll("input:not([type=hidden])")).toHaveLength(0);
    const left = done();
    await submit(page, {});
    expect(church.of("POST links/invitations/accept")[0]?.body).toEqual({ token });
    expect(await left).toMatchObject({ email: told.email, sentence: words.invite.done });
  });

  it("opens a registered account", async () => {
    church.on("POST links/look", { ...told, kind: "register" }).on("POST links/register/confirm", {});
    church.on("POST auth/console/sign-in", problem(403, "forbidden"));
    await open("register");
    const left = done();
    await submit(page, { name: "Ruth", password: "a long walk by the lake" });
    expect((await left).sentence).toBe(words.register.done);
  });

  it("sets a new password and leads to the sign-in, where a second factor may be asked", async () => {
    church.on("POST links/look", { ...told, kind: "reset", has_account: true }).on("POST links/reset", null);
    await open("reset");
    expect(page.querySelector("#name")).toBeNull();
    const left = done();
    await submit(page, { password: "a long walk by the lake" });
    expect(church.of("POST links/reset")[0]?.body).toEqual({ token, password: "a long walk by the lake" });
    expect((await left).email).toBe(told.email);
  });

  it("confirms another address only when asked, because scanners open links too", async () => {
    church.on("POST links/look", { ...told, kind: "email" }).on("POST links/email/confirm", {});
    await open("email");
    expect(church.of("POST links/email/confirm")).toEqual([]);
    const left = done();
    await submit(page, {});
    expect((await left).sentence).toBe(words.email.done);
  });

  it.each(["invite", "register", "reset", "email"] as const)(
    "says kindly that a link of kind %s is over, and what to do",
    async (kind) => {
      church.on("POST links/look", problem(410, "link_over"));
      await open(kind);
      expect(heading()).toBe(words[kind].over);
      expect(page.textContent).toContain(words[kind].overWhy);
      const asks = kind === "reset" || kind === "register";
      expect(page.querySelector("narthex-forgot #email") !== null).toBe(asks);
    },
  );

  it("asks for a new link right where the old one ended", async () => {
    church.on("POST links/look", wrongField("/token", "too_short")).on("POST links/forgot", null);
    await open("reset");
    await submit(page, { email: "ruth@example.org" });
    expect(church.of("POST links/forgot")[0]?.body).toEqual({ email: "ruth@example.org" });
    expect(page.textContent).toContain(words.sentReset("ruth@example.org"));
  });

  it("refuses a short password and a missing name without asking, each at its field", async () => {
    church.on("POST links/look", told);
    await open("invite");
    await submit(page, { name: " ", password: "short" });
    expect([wrong("name"), wrong("password")]).toEqual([codes.bad_name, codes.too_short]);
    expect(document.activeElement?.id).toBe("name");
    expect(church.asked).toHaveLength(1);
  });

  it("puts the server's objection at the field and keeps what was typed", async () => {
    church.on("POST links/look", told);
    church.on("POST links/invitations/accept", wrongField("/password", "too_common"));
    await open("invite");
    await submit(page, { name: "Ruth", password: "password123" });
    expect(wrong("password")).toBe(codes.too_common);
    const box = page.querySelector<HTMLInputElement>("#password");
    expect(box?.getAttribute("aria-describedby")).toContain("password-error");
    expect([box?.value, document.activeElement]).toEqual(["password123", box]);
  });

  it("shows the password to whoever wants to see it, and keeps it", async () => {
    church.on("POST links/look", told);
    await open("invite");
    const box = () => page.querySelector("#password") as HTMLInputElement;
    box().value = "a long walk";
    page.querySelector<HTMLInputElement>("input[type=checkbox]")?.click();
    await settled();
    expect([box().type, box().value]).toEqual(["text", "a long walk"]);
  });

  it("keeps the link and offers to try again while the network is away", async () => {
    church.on("POST links/look", new TypeError("network"), told);
    await open("invite");
    expect(page.querySelector('[role="alert"]')?.textContent).toBe(messages.en.offline);
    page.querySelector<HTMLButtonElement>("button.primary")?.click();
    await settled();
    expect(heading()).toBe("Welcome to Grace Church");
  });

  it("turns to what to do when the link was used in between", async () => {
    church.on("POST links/look", told).on("POST links/invitations/accept", problem(410, "link_over"));
    await open("invite");
    await submit(page, { name: "Ruth", password: "a long walk by the lake" });
    expect(heading()).toBe(words.invite.over);
  });
});
