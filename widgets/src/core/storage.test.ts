import { afterEach, describe, expect, it, vi } from "vitest";
import { Memory } from "./storage";

const memory = new Memory("grace:");

afterEach(() => {
  vi.restoreAllMocks();
  localStorage.clear();
  sessionStorage.clear();
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

  it("keeps what is typed in two tabs apart, and gives a new tab what was typed last", () => {
    memory.keep("draft", "in the first tab");
    const first = sessionStorage.getItem("grace:draft") as string;
    sessionStorage.clear(); // another tab has its own
    expect(memory.recall("draft")).toBe("in the first tab");
    memory.keep("draft", "in the second");
    sessionStorage.setItem("grace:draft", first);
    expect(memory.recall("draft")).toBe("in the first tab");
    memory.keep("draft", null); // sent from the first
    expect(memory.recall("draft")).toBeNull();
    sessionStorage.clear();
    expect(memory.recall("draft")).toBe("in the second");
    memory.keep("draft", null);
    expect(localStorage.length).toBe(0);
  });

  it("shares what is typed where the tab's own storage is refused or broken", () => {
    sessionStorage.setItem("grace:draft", "{not json");
    memory.write("draft", "from before");
    expect(memory.recall("draft")).toBe("from before");
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    memory.keep("draft", "half a sen");
    expect(memory.recall("draft")).toBe("half a sen");
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
