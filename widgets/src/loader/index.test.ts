import { afterEach, beforeEach, expect, it, vi } from "vitest";

/** Run the loader as the script of a page. */
async function run(told: Record<string, string>): Promise<void> {
  const script = Object.assign(document.createElement("script"), { src: "https://narthex.example/embed.js" });
  Object.assign(script.dataset, told);
  vi.spyOn(document, "currentScript", "get").mockReturnValue(script);
  vi.resetModules();
  await import("./index");
}

const chats = () => document.querySelectorAll("narthex-chat");
const missing = [["Narthex: data-church is missing."]];
let warned: ReturnType<typeof vi.spyOn>;

beforeEach(() => {
  warned = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  for (const chat of chats()) chat.remove();
  document.body.replaceChildren();
  vi.restoreAllMocks();
});

it("puts one launcher on the page for the church it is told", async () => {
  await run({ church: "grace", theme: "dark" });
  await run({ church: "grace" });
  expect(chats()).toHaveLength(1);
  expect(chats()[0]?.getAttribute("theme")).toBe("dark");
  expect(warned).not.toHaveBeenCalled();
});

it.each([{}, { church: "" }])("says to the webmaster that the church is missing: %j", async (told) => {
  await run(told);
  expect(chats()).toHaveLength(0);
  expect(warned.mock.calls).toEqual(missing);
});

it("says nothing on a page that has an element of ours", async () => {
  const wall = document.createElement("narthex-prayer-wall");
  wall.setAttribute("church", "grace");
  wall.setAttribute("mode", "launcher");
  document.body.append(wall);
  await run({});
  expect(warned).not.toHaveBeenCalled();
});

it("looks only when the page has been read, since elements may stand below the script", async () => {
  const state = vi.spyOn(document, "readyState", "get").mockReturnValue("loading");
  await run({});
  expect(warned).not.toHaveBeenCalled();
  state.mockRestore();
  document.dispatchEvent(new Event("DOMContentLoaded"));
  expect(warned.mock.calls).toEqual(missing);
});
