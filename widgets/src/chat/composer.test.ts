import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MessageShown } from "../core/generated";
import { Memory } from "../core/storage";
import { NarthexComposer, type Written } from "./composer";
import { Room } from "./room";
import { type Speech, speak } from "./speech";

customElements.define("narthex-composer", NarthexComposer);

let speech: Speech;
let memory: Memory;
const MINE: MessageShown = {
  id: "m1",
  room: "r",
  number: 1,
  at: "2026-03-01T10:00:00Z",
  author: { id: "anna", kind: "guest", name: "Anna" },
  body: "teh words",
};

beforeEach(async () => {
  speech = await speak(["en"], {});
  memory = new Memory("grace:");
});
afterEach(() => {
  document.body.replaceChildren();
  vi.restoreAllMocks();
  localStorage.clear();
  sessionStorage.clear();
});

async function show(more: Partial<NarthexComposer> = {}): Promise<NarthexComposer> {
  const composer = new NarthexComposer();
  Object.assign(composer, { speech, memory, room: new Room(), ...more });
  document.body.append(composer);
  await composer.updateComplete;
  return composer;
}

function type(composer: NarthexComposer, text: string): void {
  const area = composer.area as HTMLTextAreaElement;
  area.value = text;
  area.dispatchEvent(new Event("input"));
}

function blockStorage(): void {
  for (const method of ["getItem", "setItem", "removeItem"] as const)
    vi.spyOn(Storage.prototype, method).mockImplementation(() => {
      throw new DOMException("blocked", "SecurityError");
    });
}

describe("what is typed", () => {
  it.each([
    ["kept by the browser", () => {}],
    ["refused by the browser", blockStorage],
  ])("stands in the next box when this one goes away, %s", async (_, prepare) => {
    prepare();
    const first = await show();
    type(first, "half a sen");
    first.remove(); // locked, timed out, or anything else stands there instead
    const next = await show();
    expect(next.area?.value).toBe("half a sen");
  });

  it("as a change of a message is kept with that message, and the draft beside it", async () => {
    const first = await show();
    type(first, "a draft");
    first.editing = MINE;
    await first.updateComplete;
    expect(first.area?.value).toBe("teh words");
    type(first, "the wor");
    first.remove();
    const next = await show({ editing: MINE });
    expect(next.area?.value).toBe("the wor");
    next.editing = null;
    await next.updateComplete;
    expect(next.area?.value).toBe("a draft");
  });

  it("is forgotten once it is sent, or a change given up", async () => {
    const composer = await show();
    const sent: Written[] = [];
    composer.addEventListener("written", (event) => sent.push(event as Written));
    type(composer, "hello");
    composer.querySelector("form")?.dispatchEvent(new Event("submit"));
    composer.editing = MINE;
    await composer.updateComplete;
    type(composer, "the wor");
    composer.querySelector<HTMLElement>(".context button")?.click();
    expect(sent.map(({ body }) => body)).toEqual(["hello"]);
    expect(localStorage.length).toBe(0);
  });

  it("is not sent by the Enter that ends a composition, whichever way the browser tells of it", async () => {
    const composer = await show();
    const sent = vi.fn();
    composer.addEventListener("written", sent);
    type(composer, "かな");
    const enter = (more: KeyboardEventInit) => {
      const event = new KeyboardEvent("keydown", { key: "Enter", cancelable: true, ...more });
      composer.area?.dispatchEvent(event);
      return event.defaultPrevented;
    };
    expect(enter({ isComposing: true })).toBe(false);
    expect(enter({ keyCode: 229 })).toBe(false); // Safari: the composition is over by then
    expect(sent).not.toHaveBeenCalled();
    expect(enter({ keyCode: 13 })).toBe(true);
    expect(sent).toHaveBeenCalledOnce();
  });

  it.each([
    [true, "enter", 0],
    [false, "send", 1],
  ])("on glass (%s) has a key for Enter that says what it does", async (coarse, hint, times) => {
    vi.spyOn(window, "matchMedia").mockReturnValue({ matches: coarse } as MediaQueryList);
    const composer = await show();
    const sent = vi.fn();
    composer.addEventListener("written", sent);
    type(composer, "hello");
    expect(composer.area?.getAttribute("enterkeyhint")).toBe(hint);
    composer.area?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
    expect(sent).toHaveBeenCalledTimes(times);
  });

  it("stays when a picture is pasted, which is refused with a word", async () => {
    const composer = await show();
    type(composer, "look at this");
    const paste = Object.assign(new Event("paste", { cancelable: true }), {
      clipboardData: { files: [new File(["x"], "x.png")], getData: () => "" },
    });
    composer.area?.dispatchEvent(paste);
    await composer.updateComplete;
    expect(paste.defaultPrevented).toBe(true);
    expect(composer.querySelector("[role=status]")?.textContent).toBe(speech.say("noPictures"));
    expect(composer.area?.value).toBe("look at this");
  });
});
