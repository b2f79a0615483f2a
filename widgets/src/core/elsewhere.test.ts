import { afterEach, describe, expect, it, vi } from "vitest";
import { type Asker, hearSignIn, Opener, type SignedIn } from "./elsewhere";

const outcome = { tokens: { access_token: "a" }, name: "Ruth" } as SignedIn;
const asker: Asker = { guest: "guest-token", site: "www.grace.example" };
const ours = window.location.origin;

/** Bring what a window posts to the one that opened it, as the browser would. */
function knock(data: unknown, port: MessagePort | null, more: Partial<MessageEvent> = {}): void {
  const event = new MessageEvent("message");
  const from = { source: { opener: window }, origin: ours, data, ports: port ? [port] : [], ...more };
  for (const [name, value] of Object.entries(from)) Object.defineProperty(event, name, { value });
  window.dispatchEvent(event);
}

/** A window that opened a sign-in page and hears what it posts. */
const opener = {
  postMessage: (data: unknown, origin: string, [port]: MessagePort[]) =>
    knock(data, port ?? null, { origin }),
} as unknown as Window;

afterEach(() => vi.useRealTimers());

describe("signing in elsewhere", () => {
  it("hands the guest along and brings the outcome back", async () => {
    const done = vi.fn();
    hearSignIn(async () => asker, done);
    const page = new Opener(opener);
    expect(await page.asker()).toEqual(asker);
    page.tell(outcome);
    await vi.waitFor(() => expect(done.mock.calls).toEqual([[outcome]]));
  });

  it.each([
    ["another origin", { origin: "https://evil.example" }],
    ["a window that we did not open", { source: { opener: null } as unknown as Window }],
    ["other words", { data: "narthex:other" }],
    ["nothing to answer through", { ports: [] }],
  ])("answers nothing to %s", async (_, more: Partial<MessageEvent>) => {
    const told = vi.fn(async () => asker);
    hearSignIn(told, vi.fn());
    const { port1, port2 } = new MessageChannel();
    knock("narthex:sign-in", port2, more);
    port1.postMessage(null);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told).not.toHaveBeenCalled();
  });

  it("waits for an opener that is gone, but not for ever", async () => {
    vi.useFakeTimers();
    const deaf = { postMessage: vi.fn() } as unknown as Window;
    const asked = new Opener(deaf).asker();
    await vi.advanceTimersByTimeAsync(4_000);
    expect(await asked).toBeUndefined();
  });
});
