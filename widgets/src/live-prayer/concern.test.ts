import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { HttpError } from "../core/http";
import type { Visitor } from "../core/visitor";
import { type InNeed, NarthexConcern } from "./concern";
import { speak } from "./speech";
import { en } from "./words/en";

customElements.define("narthex-concern", NarthexConcern);

let form: NarthexConcern;
const send = vi.fn();

beforeEach(async () => {
  send.mockReset().mockResolvedValue({});
  form = new NarthexConcern();
  form.visitor = { http: { send }, page: { church: { name: "Grace" } } } as unknown as Visitor;
  form.speech = await speak(["en"], {});
  form.session = "s1";
  document.body.append(form);
  await form.updateComplete;
});
afterEach(() => form.remove());

async function tell(note: string): Promise<void> {
  form.querySelector<HTMLInputElement>("[value=unsafe]")?.click();
  const area = form.querySelector("textarea") as HTMLTextAreaElement;
  area.value = note;
  area.dispatchEvent(new Event("input"));
  form.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true }));
  await vi.waitFor(() => expect(form.busy).toBe(false));
  await form.updateComplete;
}

it("says who reads it, sends it, and thanks", async () => {
  expect(form.querySelector(".why")?.textContent).toContain("pastors of Grace");
  await tell("He asked where I live.");
  const told = { session: "s1", reason: "unsafe", note: "He asked where I live." };
  expect(send).toHaveBeenCalledExactlyOnceWith("POST", "/care/concerns", told, expect.any(String));
  expect(form.querySelector("[role=status]")?.textContent).toBe(en.concernSent);
});

it("keeps what was written when it does not get through, and says why", async () => {
  send.mockRejectedValueOnce(new HttpError(0, "offline"));
  await tell("He asked where I live.");
  expect(form.querySelector("[role=alert]")?.textContent).toBe(en.error_offline);
  expect(form.querySelector("textarea")?.value).toBe("He asked where I live.");
  send.mockRejectedValueOnce(new HttpError(409, "answer_lost")); // it had arrived: only its answer had not
  await tell("He asked where I live.");
  expect(form.querySelector("[role=status]")?.textContent).toBe(en.concernSent);
  const [[, , , first] = [], [, , , second] = []] = send.mock.calls;
  expect(second).toBe(first); // one act, however often it is tried
});

it("says how much is too much, and asks for helplines where the words are of a great need", async () => {
  const kinds: string[] = [];
  form.addEventListener("in-need", (event) => kinds.push((event as InNeed).kind));
  form.note = "x".repeat(2_003);
  await form.updateComplete;
  expect(form.querySelector(".alert")?.textContent).toBe("3 characters too many");
  expect(form.querySelector<HTMLButtonElement>("button")?.disabled).toBe(true);
  send.mockResolvedValueOnce({ card: "self_harm" });
  await tell("I cannot go on");
  expect(kinds).toEqual(["self_harm"]);
});
