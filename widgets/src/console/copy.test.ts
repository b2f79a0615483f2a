import { afterEach, describe, expect, it, vi } from "vitest";
import type { NarthexCopy } from "./copy";
import { ELEMENTS } from "./elements";
import { settled } from "./testing/server";
import { homeWords } from "./words/home";

for (const [name, element] of ELEMENTS) customElements.define(name, element);

const words = homeWords.en;

describe("<narthex-copy>", () => {
  afterEach(() => {
    document.body.replaceChildren();
    vi.unstubAllGlobals();
  });

  async function copy(clipboard: object | undefined): Promise<NarthexCopy> {
    vi.stubGlobal("navigator", { clipboard });
    const shown = document.createElement("narthex-copy") as NarthexCopy;
    shown.text = "<script src=x></script>";
    document.body.append(shown);
    await settled();
    shown.querySelector("button")?.click();
    await settled();
    return shown;
  }

  it("copies and says so", async () => {
    const writeText = vi.fn(async () => {});
    const shown = await copy({ writeText });
    expect(writeText).toHaveBeenCalledWith("<script src=x></script>");
    expect(shown.querySelector(".said")?.textContent).toBe(words.copied);
    expect(shown.querySelector("textarea")).toBeNull();
  });

  it.each([
    ["missing", undefined],
    ["refused", { writeText: () => Promise.reject(new DOMException("no", "NotAllowedError")) }],
  ])("says it and marks the text when the clipboard is %s", async (_, clipboard) => {
    const shown = await copy(clipboard);
    expect(shown.querySelector(".said")?.textContent).toBe(words.notCopied);
    const box = shown.querySelector("textarea") as HTMLTextAreaElement;
    expect(document.activeElement).toBe(box);
    expect(box.value.slice(box.selectionStart, box.selectionEnd)).toBe("<script src=x></script>");
  });
});
