import { afterEach, describe, expect, it, vi } from "vitest";
import { Memory } from "./storage";

const memory = new Memory("grace:");

afterEach(() => {
  vi.restoreAllMocks();
  localStorage.clear();
});

describe("a memory", () => {
  it("keeps values under its own prefix and forgets them again", () => {
    memory.write("draft", { text: "peace" });
    expect(localStorage.getItem("grace:draft")).toBe('{"text":"peace"}');
    expect(memory.read("draft")).toEqual({ text: "peace" });
    expect(new Memory("hope:").read("draft")).toBeNull();
    memory.write("draft", null);
    expect(localStorage.length).toBe(0);
  });

  it("is empty, not broken, where the browser refuses or holds something else", () => {
    localStorage.setItem("grace:odd", "{not json");
    expect(memory.read("odd")).toBeNull();
    vi.spyOn(Storage.prototype, "getItem").mockImplementation(() => {
      throw new DOMException("blocked", "SecurityError");
    });
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    expect(memory.read("draft")).toBeNull();
    expect(() => memory.write("draft", 1)).not.toThrow();
  });

  it("remembers as long as the page what the browser refuses to keep", () => {
    for (const method of ["getItem", "setItem", "removeItem"] as const)
      vi.spyOn(Storage.prototype, method).mockImplementation(() => {
        throw new DOMException("blocked", "SecurityError");
      });
    const own = new Memory("grace:");
    own.write("draft", "half a sen");
    expect(own.read("draft")).toBe("half a sen");
    expect(own.names("dra")).toEqual(["draft"]);
    own.write("draft", null);
    expect(own.read("draft")).toBeNull();
  });

  it("lists what it keeps, and nothing of others", () => {
    memory.write("unsent:1", {});
    memory.write("session", {});
    new Memory("hope:").write("unsent:2", {});
    expect(memory.names("unsent:")).toEqual(["unsent:1"]);
  });

  it("tells when another tab changed a value, until told to stop", () => {
    const changed = vi.fn();
    const stop = memory.watch("session", changed);
    window.dispatchEvent(new StorageEvent("storage", { key: "grace:session" }));
    window.dispatchEvent(new StorageEvent("storage", { key: "grace:draft" }));
    stop();
    window.dispatchEvent(new StorageEvent("storage", { key: "grace:session" }));
    expect(changed).toHaveBeenCalledTimes(1);
  });
});
