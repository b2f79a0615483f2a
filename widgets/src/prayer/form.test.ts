import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Page } from "../core/page";
import { Speech } from "../core/speech";
import { NarthexPrayerForm } from "./form";
import { Asker, type Link } from "./page";
import { en } from "./words/en";

customElements.define("narthex-prayer-form", NarthexPrayerForm);

type Answer = { status: number; body: unknown } | "offline";

let form: NarthexPrayerForm;
let asker: Asker;
let asked: { url: string; body: Record<string, unknown> }[];
let seen: Link[];

async function show(...answers: Answer[]): Promise<void> {
  vi.stubGlobal("fetch", async (url: string, { body }: RequestInit) => {
    asked.push({ url, body: body && JSON.parse(String(body)) });
    const answer = answers.shift();
    if (!answer || answer === "offline") throw new TypeError("Failed to fetch");
    return new Response(JSON.stringify(answer.body), { status: answer.status });
  });
  asker = new Asker({
    api: "/api/v1/grace",
    church: { slug: "grace", name: "Grace", status: "active" },
  } as Page);
  form = Object.assign(new NarthexPrayerForm(), {
    visitor: asker,
    speech: new Speech("en", en),
    see: (link: Link) => seen.push(link),
  });
  document.body.append(form);
  await form.updateComplete;
}

const field = <Kind extends HTMLElement = HTMLInputElement>(name: string) =>
  form.querySelector<Kind>(`[name="${name}"]`) as Kind;
/** What a field is described by beside its hint, as a screen reader finds it. */
const reason = (name: string) => {
  const ids = field(name).getAttribute("aria-describedby")?.split(" ") ?? [];
  return ids.includes("problem") ? form.querySelector("#problem")?.textContent : undefined;
};
const alert = () => form.querySelector('.alert[role="alert"]')?.textContent ?? "";

async function type(name: string, value: string | boolean): Promise<void> {
  const input = form.querySelector<HTMLInputElement>(
    typeof value === "string" && field(name).type === "radio"
      ? `[name="${name}"][value="${value}"]`
      : `[name="${name}"]`,
  ) as HTMLInputElement;
  if (typeof value === "boolean") input.checked = value;
  else if (input.type === "radio") input.checked = true;
  else input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  await form.updateComplete;
}

async function submit(): Promise<void> {
  form.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true }));
  await vi.waitFor(() => expect(form.busy).toBe(false));
  await form.updateComplete;
}

const link =
  "http://x/w/grace/prayer-request#own=018f5a1e-0000-4000-8000-000000000001.abcdefghijklmnopqrstuvwx";
const taken: Answer = {
  status: 201,
  body: { id: "018f5a1e-0000-4000-8000-000000000001", link, state: "held" },
};

beforeEach(() => {
  asked = [];
  seen = [];
  localStorage.clear();
  sessionStorage.clear();
});
afterEach(() => {
  form.remove();
  vi.unstubAllGlobals();
});

describe("<narthex-prayer-form>", () => {
  it("sends what was asked for, to the team unless told otherwise, and shows the secret link", async () => {
    await show(taken);
    await type("body", "Please pray");
    await type("name", "Ruth");
    await submit();
    expect(asked[0]?.url).toBe("/api/v1/grace/prayers");
    expect(asked[0]?.body).toMatchObject({
      body: "Please pray",
      visibility: "team",
      name: "Ruth",
      language: "en",
    });
    expect(form.querySelector(".address")?.textContent).toBe(link);
    expect(asker.links).toEqual([
      { id: "018f5a1e-0000-4000-8000-000000000001", token: "abcdefghijklmnopqrstuvwx" },
    ]);
    expect(form.querySelector("h1")).toBe(document.activeElement);
  });

  it("is the same request when its answer was lost, also after a reload, and another one with other words", async () => {
    await show("offline", taken);
    await type("body", "Please pray");
    await submit();
    const first = asked[0]?.body as { secret: string };
    expect(first.secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    form.remove();
    await show("offline", "offline", taken);
    await submit();
    expect(asked[1]?.body).toMatchObject({ body: "Please pray", secret: first.secret });
    await type("body", "Please pray for us");
    await submit();
    expect((asked[2]?.body as { secret: string } | undefined)?.secret).not.toBe(first.secret);
    await submit();
    expect(form.querySelector(".address")).not.toBeNull();
    expect(asker.memory.recall("prayer-draft")).toBeNull();
  });

  it("sends no name of somebody who leaves it out", async () => {
    await show(taken);
    await type("body", "Please pray");
    await type("name", "Ruth");
    await type("anonymous", true);
    expect(field("name")).toBeNull();
    await submit();
    expect(asked[0]?.body).toMatchObject({ anonymous: true, name: "" });
  });

  it("keeps every word when there is no connection, also for the next visit", async () => {
    await show("offline", taken);
    await type("body", "Please pray");
    await submit();
    expect(alert()).toContain("Your words are kept here");
    expect(field<HTMLTextAreaElement>("body").value).toBe("Please pray");
    form.remove();
    await show(taken);
    expect(field<HTMLTextAreaElement>("body").value).toBe("Please pray");
    await submit();
    expect(form.sent?.id).toBe("018f5a1e-0000-4000-8000-000000000001");
    expect(localStorage.getItem("narthex:grace:prayer-draft")).toBeNull();
  });

  it("says beside the field what is missing, marks it, and puts the focus there", async () => {
    await show();
    await submit();
    expect(reason("body")).toBe(en.error_bad_text);
    expect(field("body").getAttribute("aria-invalid")).toBe("true");
    expect(document.activeElement).toBe(field("body"));
    expect(field("body").nextElementSibling?.id).toBe("problem");
    expect(alert()).toBe("");
    await type("body", "Please pray");
    expect(reason("body")).toBeUndefined();
    expect(field("body").getAttribute("aria-describedby")).toBe("body-hint");
  });

  it("asks for each consent that is needed, beside its box, and puts the focus there", async () => {
    await show();
    await type("body", "Please pray");
    await type("visibility", "wall");
    await submit();
    expect(document.activeElement).toBe(field("wall_consent"));
    expect(reason("wall_consent")).toBe(en.error_consent_missing);
    expect(field("wall_consent").getAttribute("aria-invalid")).toBe("true");
    expect(field("wall_consent").closest("label")?.nextElementSibling?.id).toBe("problem");
    expect(alert()).toBe("");
    await type("wall_consent", true);
    await type("for_whom", "other");
    await submit();
    expect(document.activeElement).toBe(field("consent"));
    expect(reason("consent")).toBe(en.error_consent_missing);
    expect(reason("wall_consent")).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it("counts what is too much and sends nothing", async () => {
    await show();
    await type("body", "x".repeat(5_001));
    expect(form.querySelector("#body-hint")?.textContent).toBe("1 character too many");
    await submit();
    expect(asked).toEqual([]);
    expect(field("body").getAttribute("aria-invalid")).toBe("true");
    await type("body", "🙏".repeat(4_900));
    expect(form.querySelector("#body-hint")?.textContent).toBe("100 characters left");
  });

  it("says what the server has against it, at its field, and keeps the words", async () => {
    const errors = [{ pointer: "/email", code: "bad_email", detail: "no" }];
    await show({ status: 400, body: { code: "bad_email", errors } });
    await type("body", "Please pray");
    await type("email", "nonsense@");
    await submit();
    expect(reason("email")).toContain(en.error_bad_email);
    expect(field("email").getAttribute("aria-describedby")).toContain("email-hint");
    expect(document.activeElement).toBe(field("email"));
    expect(field<HTMLTextAreaElement>("body").value).toBe("Please pray");
  });

  it.each([
    ["/visibility", "a choice"],
    ["/language", "a field that is not shown"],
    ["", "no field"],
  ])("says what is against %s at the end: it is %s", async (pointer) => {
    const errors = [{ pointer, code: "x", detail: "no" }];
    await show({ status: 400, body: { code: "limited", errors } });
    await type("body", "Please pray");
    await submit();
    expect(alert()).toContain(en.error_limited);
    expect(form.contains(document.activeElement)).toBe(false);
  });

  it("shows helplines to who seems to be in need, and does not take them away", async () => {
    const lines = { helplines: [{ name: "988 Lifeline", phone: "988" }] };
    await show(
      { status: 201, body: { ...(taken as { body: object }).body, card: "self_harm" } },
      { status: 200, body: lines },
    );
    await type("body", "I cannot go on");
    await submit();
    await vi.waitFor(() => expect(form.querySelector(".care")).not.toBeNull());
    expect(form.querySelector<HTMLAnchorElement>(".care a")?.getAttribute("href")).toBe("tel:988");
    expect(form.querySelector(".care")?.getAttribute("role")).toBe("alert");
  });

  it("may be sent again after an answer that broke off", async () => {
    await show();
    vi.stubGlobal("fetch", async () => new Response('{"id": "018f', { status: 201 }));
    await type("body", "Please pray");
    await submit();
    expect(alert()).toContain("Your words are kept here");
    expect(form.querySelector("form .primary")?.textContent).toBe(en.sendRequest);
  });

  it.each([
    ["refuses", { writeText: () => Promise.reject(new DOMException("no", "NotAllowedError")) }],
    ["is not there", undefined],
  ])(
    "does not say that the only link was copied when the clipboard %s: it selects it",
    async (_, clipboard) => {
      await show(taken);
      vi.stubGlobal("navigator", { clipboard });
      await type("body", "Please pray");
      await submit();
      form.querySelector<HTMLButtonElement>(".row .primary")?.click();
      const status = () => form.querySelector("[role=status]")?.textContent;
      await vi.waitFor(() => expect(status()).toBe(en.notCopied));
      expect(getSelection()?.toString()).toBe(link);
      vi.stubGlobal("navigator", { clipboard: { writeText: async () => undefined } });
      form.querySelector<HTMLButtonElement>(".row .primary")?.click();
      await vi.waitFor(() => expect(status()).toBe(en.copied));
    },
  );

  it("begins anew at its title", async () => {
    await show(taken);
    await type("body", "Please pray");
    await submit();
    [...form.querySelectorAll("button")].find(({ textContent }) => textContent === en.another)?.click();
    await vi.waitFor(() => expect(form.querySelector("h1")?.textContent).toBe(en.formTitle));
    expect(document.activeElement).toBe(form.querySelector("h1"));
  });
});
