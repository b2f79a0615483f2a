import { describe, expect, it, vi } from "vitest";
import { allowed, Bridge, type Init } from "./bridge";

describe("a site", () => {
  it.each([
    ["https://www.grace.example", ["https://www.grace.example"], true],
    ["https://a.b.grace.example", ["https://*.grace.example"], true],
    ["https://grace.example", ["https://*.grace.example"], false],
    ["https://evilgrace.example", ["https://*.grace.example"], false],
    ["https://grace.example.evil.example", ["https://grace.example"], false],
    ["http://www.grace.example", ["https://www.grace.example"], false],
    ["http://a.grace.example", ["https://*.grace.example"], false],
    ["https://www.grace.example:8443", ["https://www.grace.example"], false],
    ["null", ["https://www.grace.example"], false],
    ["https://www.grace.example", [], false],
  ])("%s under %j is believed: %s", (origin, sites, answer) => {
    expect(allowed(origin, sites)).toBe(answer);
  });
});

function deliver(data: unknown, more: Partial<MessageEventInit> = {}): MessagePort {
  const { port1, port2 } = new MessageChannel();
  const event = new MessageEvent("message", {
    data,
    origin: "https://www.grace.example",
    source: window.parent,
    ports: [port2],
    ...more,
  });
  window.dispatchEvent(event);
  return port1;
}

function listening(): { bridge: Bridge; begin: ReturnType<typeof vi.fn<(init: Init) => void>> } {
  const bridge = new Bridge();
  const begin = vi.fn<(init: Init) => void>();
  bridge.listen(["https://www.grace.example"], begin);
  return { bridge, begin };
}

const heard = (port: MessagePort) =>
  new Promise((resolve) => {
    port.onmessage = (event: MessageEvent) => resolve(event.data);
  });

describe("the frame's end", () => {
  it("answers an init of the parent on the list, and talks on through its port", async () => {
    const { bridge, begin } = listening();
    const port = deliver({ narthex: "init", version: 1, language: "es" });
    expect(await heard(port)).toEqual({ type: "ready" });
    expect(begin).toHaveBeenCalledWith(expect.objectContaining({ language: "es" }));
    expect(bridge.site).toBe("www.grace.example");
    const told = heard(port);
    bridge.send({ type: "unread", count: 2, mentions: 0 });
    expect(await told).toEqual({ type: "unread", count: 2, mentions: 0 });
  });

  it("believes a page of our own, and says that it is one", async () => {
    const { bridge, begin } = listening();
    deliver({ narthex: "init", version: 1 }, { origin: window.location.origin });
    expect(begin).toHaveBeenCalledOnce();
    expect(bridge.ours).toBe(true);
    deliver({ narthex: "init", version: 1 });
    expect(bridge.ours).toBe(false);
  });

  it.each([
    ["another window", { source: null }],
    ["another origin", { origin: "https://evil.example" }],
    ["nobody's origin", { origin: "null" }],
    ["no port", { ports: [] }],
  ])("leaves an init of %s unanswered", (_, more) => {
    const { begin } = listening();
    deliver({ narthex: "init", version: 1 }, more);
    expect(begin).not.toHaveBeenCalled();
  });

  it.each([[null], ["init"], [{ narthex: "hello", version: 1 }], [{ narthex: "init" }]])(
    "leaves %j unanswered",
    (data) => {
      const { begin } = listening();
      deliver(data);
      expect(begin).not.toHaveBeenCalled();
    },
  );
});
