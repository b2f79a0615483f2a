import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ELEMENTS } from "../elements";
import { Church, problem, settled, submit } from "../testing/server";
import { safetyWords } from "../words/safety";
import type { NarthexSafety } from "./page";

for (const [name, element] of ELEMENTS) customElements.define(name, element);

const words = safetyWords.en;
const rules = {
  words: [{ pattern: "casino*", act: "refuse" }],
  links: "hold_guests",
  link_hosts: ["grace.example"],
  flood_messages: 8,
  flood_seconds: 10,
  duplicate_seconds: 60,
  crisis: true,
  country: "US",
};
let church: Church;
let page: NarthexSafety;

async function open(role = "owner"): Promise<void> {
  church.on("GET safety/rules", rules).on("GET chat/settings", { host_label: "Host", keep_days: 365 });
  church.on("GET safety/bans", { items: [], next: null });
  church.on("GET safety/restraints", { items: [], next: null });
  page = document.createElement("narthex-safety") as NarthexSafety;
  page.api = church.api;
  page.session = { person: { id: "p1", name: "Anna", roles: [role] }, csrf: "c" };
  document.body.append(page);
  await settled();
}

const button = (text: string) =>
  [...page.querySelectorAll("button")].find((one) => one.textContent?.trim() === text) as HTMLButtonElement;

async function add(word: string, act: string): Promise<void> {
  (page.querySelector("#word") as HTMLInputElement).value = word;
  (page.querySelector("#act") as HTMLSelectElement).value = act;
  button(words.add).click();
  await settled();
}

beforeEach(() => {
  church = new Church();
});
afterEach(() => page.remove());

describe("<narthex-safety>", () => {
  it("adds a word by Enter, but not by the one with which an input method takes it", async () => {
    await open();
    const box = page.querySelector("#word") as HTMLInputElement;
    const enter = async (keyCode: number) => {
      box.value = "賭博";
      const event = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true });
      Object.defineProperty(event, "keyCode", { value: keyCode });
      box.dispatchEvent(event);
      await settled();
      return [...page.querySelectorAll(".list strong")].some((one) => one.textContent === "賭博");
    };
    expect(await enter(229)).toBe(false);
    expect(await enter(13)).toBe(true);
  });

  it("saves words, links, floods and the hosts' badge as they stand", async () => {
    church.on("PUT safety/rules", rules).on("PUT chat/settings", {});
    await open();
    await add(" free money ", "hold");
    page.querySelector<HTMLButtonElement>(`[aria-label="${words.removeWord("casino*")}"]`)?.click();
    await settled();
    await submit(
      page,
      {
        links: "refuse",
        link_hosts: "Grace.example\nbible.example",
        flood_messages: "5",
        country: " mx",
        host_label: "Team",
      },
      "#rules",
    );
    expect(church.of("PUT safety/rules")[0]?.body).toEqual({
      ...rules,
      words: [{ pattern: "free money", act: "hold" }],
      links: "refuse",
      link_hosts: ["grace.example", "bible.example"],
      flood_messages: 5,
      country: "MX",
    });
    expect(church.of("PUT chat/settings")[0]?.body).toEqual({ host_label: "Team", keep_days: 365 });
    expect(page.querySelector(".notice")?.textContent).toBe("Saved.");
  });

  it("tries what is not saved yet, and says what would happen and why", async () => {
    church.on("POST safety/rules/try", { act: "hold", reason: "word" });
    await open();
    await add("free money", "hold");
    await submit(page, { text: "Get FREE money" }, "#trial");
    expect(church.of("POST safety/rules/try")[0]?.body).toEqual({
      rules: { ...rules, words: [...rules.words, { pattern: "free money", act: "hold" }] },
      text: "Get FREE money",
      guest: true,
    });
    expect(page.querySelector(".verdict")?.textContent).toBe(
      `${words.verdicts.hold}: ${words.reasons.word}.`,
    );
    expect(church.of("PUT safety/rules")).toEqual([]);
  });

  it("names a word that cannot match anything, and keeps the list", async () => {
    const refused = problem(400, "bad_rules", {
      errors: [{ pointer: "/words/1/pattern", code: "bad_pattern", detail: "" }],
    });
    church.on("PUT safety/rules", refused);
    await open();
    await add("*", "hold");
    await submit(page, {}, "#rules");
    expect(page.querySelector('[role="alert"]')?.textContent).toBe(words.codes.bad_pattern);
    expect(page.words).toHaveLength(2);
  });

  it("says what is wrong with a country beside its box", async () => {
    const refused = problem(400, "invalid", {
      errors: [{ pointer: "/country", code: "invalid", detail: "Two letters." }],
    });
    church.on("PUT safety/rules", refused);
    await open();
    expect(page.querySelector<HTMLInputElement>("#country")?.value).toBe("US");
    await submit(page, { country: "1" }, "#rules");
    expect(page.querySelector("#country-error")?.textContent).toBe("Two letters.");
    expect(page.querySelector("#country")?.getAttribute("aria-invalid")).toBe("true");
  });

  it("lets a moderator try the rules and not change them", async () => {
    church.on("POST safety/rules/try", { act: "take", reason: "" });
    await open("moderator");
    expect(page.querySelector<HTMLFieldSetElement>("#rules fieldset")?.disabled).toBe(true);
    expect(button("Save")).toBeUndefined();
    await submit(page, { text: "Good morning" }, "#trial");
    expect(church.of("POST safety/rules/try")[0]?.body).toMatchObject({ rules });
    expect(page.querySelector(".verdict")?.textContent).toBe(words.verdicts.take);
  });
});
