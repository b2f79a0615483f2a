import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Tokens } from "./generated";
import { HttpError } from "./http";
import { Session } from "./session";
import { Memory } from "./storage";

const tokens = (n: number, seconds = 600): Tokens => ({
  access_token: `a${n}`,
  refresh_token: `r${n}`,
  expires_in: seconds,
  id: "me",
  token_type: "Bearer",
});
const ended = () => Promise.reject(new HttpError(401, "session_ended"));

let memory: Memory;
beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  memory = new Memory("grace:");
});

describe("a session", () => {
  it("is nobody before somebody signs in", async () => {
    const session = new Session(memory, "lock", ended);
    expect(session.person).toBeNull();
    expect(await session.pass("connect")).toBeNull();
    expect(localStorage.length).toBe(0);
  });

  it("gives its token while it is good, and comes back with the next page", async () => {
    const session = new Session(memory, "lock", ended);
    session.adopt(tokens(1), "Ruth");
    expect(await session.token()).toBe("a1");
    const next = new Session(memory, "lock", ended);
    expect(next.person).toMatchObject({ id: "me", name: "Ruth" });
    const pass = await next.pass("connect");
    expect(pass?.token).toBe("a1");
    expect(pass?.renewIn).toBeGreaterThan(500_000);
    expect(pass?.renewIn).toBeLessThan(600_000);
  });

  it("renews a token that is about to expire, once for all who ask at once", async () => {
    const renew = vi.fn().mockResolvedValue(tokens(2));
    const session = new Session(memory, "lock", renew);
    session.adopt(tokens(1, 30), "Ruth");
    expect(await Promise.all([session.token(), session.token(), session.token()])).toEqual([
      "a2",
      "a2",
      "a2",
    ]);
    expect(renew.mock.calls).toEqual([["r1"]]);
  });

  it("renews a token that was refused, however long it should have lived", async () => {
    const session = new Session(memory, "lock", async () => tokens(2));
    session.adopt(tokens(1), "Ruth");
    expect((await session.pass("again"))?.token).toBe("a2");
  });

  it("renews a refused token once for all who were refused with it", async () => {
    const renew = vi.fn().mockResolvedValue(tokens(2));
    const session = new Session(memory, "lock", renew);
    session.adopt(tokens(1), "Ruth");
    expect(await Promise.all([session.token("a1"), session.token("a1")])).toEqual(["a2", "a2"]);
    expect(await session.token("a1")).toBe("a2"); // whoever hears of it late
    expect(renew).toHaveBeenCalledTimes(1);
  });

  it("leaves nobody when a refused token cannot be renewed any more", async () => {
    const session = new Session(memory, "lock", ended);
    session.adopt(tokens(1), "Ruth");
    expect(await session.token("a1")).toBeNull();
    expect(session.person).toBeNull();
  });

  it("keeps a name for the same person alone, and a member's as the server says it", () => {
    const session = new Session(memory, "lock", ended);
    session.adopt(tokens(1), "Ruth", true);
    session.adopt(tokens(2), "", true);
    expect(session.person?.name).toBe("Ruth");
    session.called({ id: "me", name: "Ruth Abara" });
    expect(session.person?.name).toBe("Ruth Abara");
    session.called({ id: "somebody else", name: "Anna" }); // a welcome of the session before
    session.called({ id: "me", name: "" });
    expect(session.person?.name).toBe("Ruth Abara");
    session.adopt({ ...tokens(3), id: "other" }, "", true);
    expect(session.person?.name).toBe("");
    session.adopt({ ...tokens(4), id: "guest" }, "Ben");
    session.called({ id: "guest", name: "Benjamin" });
    expect(session.person?.name).toBe("Ben"); // a guest's own words
  });

  it("takes what another tab has renewed instead of using a refresh token twice", async () => {
    const renew = vi.fn().mockResolvedValue(tokens(9));
    const mine = new Session(memory, "lock", renew);
    mine.adopt(tokens(1, 30), "Ruth");
    const theirs = new Session(memory, "lock", async () => tokens(2));
    await theirs.token();
    expect(await mine.token()).toBe("a2");
    expect(renew).not.toHaveBeenCalled();
  });

  it("is over when the server says so, and the reader goes on as nobody", async () => {
    const session = new Session(memory, "lock", ended);
    const changed = vi.fn();
    session.adopt(tokens(1, 30), "Ruth");
    session.changed = changed;
    expect(await session.token()).toBeNull();
    expect(session.person).toBeNull();
    expect(localStorage.length).toBe(0);
    expect(changed).toHaveBeenCalledTimes(1);
  });

  it.each([
    ["ends", () => Promise.reject(new HttpError(401, "session_ended"))],
    ["is renewed", () => Promise.resolve(tokens(2))],
  ])("of somebody who came meanwhile stays when the one before %s", async (_, outcome) => {
    let answer = () => {};
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const session = new Session(memory, "lock", () => asked.then(outcome));
    session.adopt(tokens(1, 30), "Ruth");
    const waiting = session.token();
    session.adopt({ ...tokens(7), id: "member" }, "Ruth Abara", true);
    answer();
    expect(await waiting).toBe("a7");
    expect(session.person).toMatchObject({ id: "member", name: "Ruth Abara" });
  });

  it("of yesterday is renewed before it is used, by the device's clock right or wrong", async () => {
    const renew = vi.fn().mockResolvedValue(tokens(2));
    const session = new Session(memory, "lock", renew);
    session.adopt(tokens(1), "Ruth");
    vi.useFakeTimers({ now: Date.now() + 86_400_000, toFake: ["Date"] });
    expect(await session.token()).toBe("a2");
    vi.setSystemTime(Date.now() - 2 * 86_400_000); // the clock was put back: the token seems to live for days
    expect((await session.pass("again"))?.token).toBe("a2");
    expect(renew).toHaveBeenCalledTimes(2);
    vi.useRealTimers();
  });

  it.each([
    [
      "are refused to a frame whose storage is blocked",
      { request: () => Promise.reject(new DOMException("denied")) },
    ],
    ["do not exist", undefined],
    ["are given", { request: (_: string, work: () => Promise<unknown>) => work() }],
  ])("is renewed once where locks %s", async (_, locks) => {
    vi.stubGlobal("navigator", { locks });
    const renew = vi.fn().mockResolvedValue(tokens(2));
    const session = new Session(memory, "lock", renew);
    session.adopt(tokens(1, 30), "Ruth");
    expect(await session.token()).toBe("a2");
    renew.mockRejectedValue(new HttpError(0, "offline"));
    await expect(session.pass("again")).rejects.toMatchObject({ offline: true });
    expect(renew).toHaveBeenCalledTimes(2);
    vi.unstubAllGlobals();
  });

  it("is kept when the server is only away", async () => {
    const session = new Session(memory, "lock", () => Promise.reject(new HttpError(0, "offline")));
    session.adopt(tokens(1, 30), "Ruth");
    await expect(session.token()).rejects.toMatchObject({ offline: true });
    expect(session.person?.name).toBe("Ruth");
  });

  it("follows another tab that signed in or out", () => {
    const session = new Session(memory, "lock", ended);
    const changed = vi.fn();
    session.changed = changed;
    new Session(memory, "lock", ended).adopt(tokens(1), "Ruth");
    window.dispatchEvent(new StorageEvent("storage", { key: "grace:session" }));
    expect(session.person?.name).toBe("Ruth");
    expect(changed).toHaveBeenCalledTimes(1);
  });

  it("tells of a new name, not of new tokens", async () => {
    const session = new Session(memory, "lock", async () => tokens(2));
    session.adopt(tokens(1), "Ruth");
    const changed = vi.fn();
    session.changed = changed;
    await session.pass("again");
    expect(changed).not.toHaveBeenCalled();
    session.rename("Ruth A");
    expect(changed).toHaveBeenCalledTimes(1);
  });
});
