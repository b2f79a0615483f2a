import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Opener, SignedIn } from "../core/elsewhere";
import type { Tokens } from "../core/generated";
import type { Page } from "../core/page";
import { Speech } from "../core/speech";
import { NarthexSignInPage } from "./page";
import { en } from "./words/en";

customElements.define("narthex-sign-in-page", NarthexSignInPage);

const tokens: Tokens = {
  access_token: "access",
  refresh_token: "refresh",
  expires_in: 600,
  id: "member",
  token_type: "Bearer",
};
const asker = { guest: "guest-token", site: "www.grace.example" };
const typed = { email: "ruth@grace.example", password: " spaces kept " };
let page: NarthexSignInPage;
let asked: { url: string; body: unknown; authorization: string | null }[];
let kept: SignedIn[];

type Answer = { status: number; body: unknown } | "offline";
const refused = (status: number, code: string, more = {}): Answer => ({
  status,
  body: { status, code, ...more },
});
const signedIn: Answer = { status: 200, body: tokens };
const me: Answer = { status: 200, body: { kind: "person", id: "member", name: "Ruth Abara" } };

/** Show the page in front of a server that gives these answers in order. */
async function show(answers: Answer[], opener: Partial<Opener> | null = null, status = "active") {
  vi.stubGlobal("fetch", async (url: string, { body, headers }: RequestInit) => {
    const given = new Headers(headers);
    asked.push({ url, body: body && JSON.parse(String(body)), authorization: given.get("authorization") });
    const answer = answers.shift();
    if (!answer || answer === "offline") throw new TypeError("Failed to fetch");
    return new Response(JSON.stringify(answer.body), { status: answer.status });
  });
  page = Object.assign(new NarthexSignInPage(), {
    page: { church: { slug: "grace", name: "Grace Church", status }, api: "/api/v1/grace" } as Page,
    speech: new Speech("en", en),
    opener: opener as Opener | null,
    keep: (one: SignedIn) => kept.push(one),
  });
  document.body.append(page);
  await page.updateComplete;
}

const field = (id: string) => page.querySelector<HTMLInputElement>(`#${id}`);
const alert = () => page.querySelector('[role="alert"]')?.textContent ?? "";
const title = () => page.querySelector("h1")?.textContent;

async function settled(): Promise<void> {
  await vi.waitFor(() => expect(page.busy).toBe(false));
  await page.updateComplete;
  await page.updateComplete;
}

async function submit(values: Record<string, string>): Promise<void> {
  for (const [id, value] of Object.entries(values)) {
    const input = field(id);
    if (input) input.value = value;
  }
  page.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true }));
  await settled();
}

beforeEach(() => {
  asked = [];
  kept = [];
});
afterEach(() => {
  page.remove();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("<narthex-sign-in-page>", () => {
  it("names the church and labels every field", async () => {
    await show([]);
    expect(title()).toBe("Sign in to Grace Church");
    for (const input of page.querySelectorAll("input"))
      expect(page.querySelector(`label[for="${input.id}"]`)?.textContent).toBeTruthy();
  });

  it("hands the outcome to who opened it, and the guest to the server", async () => {
    const close = vi.spyOn(window, "close").mockImplementation(() => {});
    const tell = vi.fn();
    await show([signedIn, me], { asker: async () => asker, tell });
    await submit({ ...typed, email: " ruth@grace.example " });
    expect(asked).toEqual([
      {
        url: "/api/v1/grace/auth/widget/sign-in",
        body: { ...typed, ...asker },
        authorization: null,
      },
      { url: "/api/v1/grace/auth/me", body: undefined, authorization: "Bearer access" },
    ]);
    expect(tell.mock.calls).toEqual([[{ tokens, name: "Ruth Abara" }]]);
    expect(close).toHaveBeenCalledTimes(1);
    expect(kept).toEqual([]);
    expect(title()).toBe("You are signed in as Ruth Abara");
    expect(page.textContent).toContain(en.closeIt);
  });

  it.each([
    ["nobody opened it", null],
    ["who opened it is gone", { asker: async () => undefined, tell: vi.fn() }],
  ])("keeps the outcome and leads to the chat when %s", async (_, opener) => {
    const close = vi.spyOn(window, "close");
    await show([signedIn, me], opener);
    await submit(typed);
    expect(asked[0]?.body).toEqual(typed);
    expect(kept).toEqual([{ tokens, name: "Ruth Abara" }]);
    expect(close).not.toHaveBeenCalled();
    expect(page.querySelector("a")?.getAttribute("href")).toBe("/w/grace/chat");
    expect(document.activeElement).toBe(page.querySelector("h1"));
  });

  it("says that e-mail and password do not match, keeps both and returns to the password", async () => {
    await show([refused(401, "bad_credentials"), signedIn, me]);
    await submit(typed);
    expect(alert()).toBe(en.error_bad_credentials);
    expect([field("email")?.value, field("password")?.value]).toEqual([typed.email, typed.password]);
    expect(document.activeElement).toBe(field("password"));
    expect(field("password")?.getAttribute("aria-invalid")).toBe("true");
    await submit({ password: "another" });
    expect(alert()).toBe("");
    expect(kept).toHaveLength(1);
  });

  it("asks for the code once the server does, without calling that an error", async () => {
    await show([refused(401, "totp_required"), refused(401, "bad_totp"), signedIn, me]);
    expect(field("totp")).toBeNull();
    await submit(typed);
    expect(alert()).toBe("");
    expect(document.activeElement).toBe(field("totp"));
    await submit({ totp: "000000" });
    expect(alert()).toBe(en.error_bad_totp);
    expect(field("totp")?.getAttribute("aria-describedby")).toBe("totp-hint problem");
    await submit({ totp: "123 456" });
    expect(asked[2]?.body).toEqual({ ...typed, totp: "123456" });
    expect(kept).toHaveLength(1);
  });

  it("takes a recovery code, letters and all, from whoever lost the app", async () => {
    await show([refused(401, "totp_required"), signedIn, me]);
    await submit(typed);
    page.querySelector<HTMLButtonElement>("#totp ~ .plain")?.click();
    await page.updateComplete;
    expect(page.querySelector('label[for="totp"]')?.textContent).toBe(en.recovery);
    expect(field("totp")?.hasAttribute("pattern")).toBe(false);
    await submit({ totp: "abcd-efgh" });
    expect(asked[1]?.body).toEqual({ ...typed, totp: "abcd-efgh" });
  });

  it.each([
    ["account_suspended", refused(403, "account_suspended"), en.error_account_suspended],
    ["no network", "offline" as const, en.error_offline],
    ["something on our side", refused(500, "internal"), en.error_internal],
    ["an answer that is not ours", { status: 502, body: "<html>" }, en.error_internal],
    [
      "too many tries",
      refused(429, "limited", { retry_after: 90 }),
      "Too many tries. Wait 1 minute, then try again.",
    ],
  ])("says what to do about %s, and keeps what was typed", async (_, answer, sentence) => {
    await show([answer]);
    await submit(typed);
    expect(alert()).toBe(sentence);
    expect([field("email")?.value, field("password")?.value]).toEqual([typed.email, typed.password]);
  });

  it("sends a sign-in once, however often the button is pressed", async () => {
    await show([signedIn, me]);
    page.busy = true;
    page.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true }));
    await page.updateComplete;
    expect(asked).toEqual([]);
  });

  it("sends a letter to who forgot the password, and asks for the address first", async () => {
    await show([{ status: 202, body: null }]);
    const forgot = [...page.querySelectorAll<HTMLButtonElement>(".plain")].at(-1);
    forgot?.click();
    await settled();
    expect(asked).toEqual([]);
    (field("email") as HTMLInputElement).value = typed.email;
    forgot?.click();
    await settled();
    expect(asked).toEqual([
      { url: "/api/v1/grace/links/forgot", body: { email: typed.email }, authorization: null },
    ]);
    expect(page.querySelector('[role="status"]')?.textContent).toContain(`If ${typed.email} has an account`);
  });

  it("shows no form while the church has paused its pages", async () => {
    await show([], null, "suspended");
    expect(page.querySelector("form")).toBeNull();
    expect(page.textContent).toContain("Grace Church has paused its pages.");
  });
});
