// @vitest-environment node

import { describe, expect, it } from "vitest";
import { type ApiError, ConsoleApi, type Session } from "./api";

const session: Session = { person: { id: "p1", name: "Ruth", roles: ["owner"] }, csrf: "token-1" };

interface Sent {
  readonly url: string;
  readonly request: RequestInit;
}

/** A fetch that gives the answers in order and keeps what was asked. */
function scripted(...answers: (Response | Error)[]) {
  const sent: Sent[] = [];
  const send: typeof fetch = async (url, request = {}) => {
    sent.push({ url: String(url), request });
    const answer = answers.shift();
    if (!answer || answer instanceof Error) throw answer ?? new Error("asked once too often");
    return answer;
  };
  return { sent, api: (church = "grace") => new ConsoleApi(church, send) };
}

function problem(status: number, code: string, headers: Record<string, string> = {}): Response {
  return Response.json(
    { status, code, title: "No", detail: "In plain words." },
    { status, headers: { "Content-Type": "application/problem+json", ...headers } },
  );
}

async function failure(promise: Promise<unknown>): Promise<ApiError> {
  return promise.then(
    () => Promise.reject(new Error("it did not fail")),
    (error: ApiError) => error,
  );
}

describe("ConsoleApi", () => {
  it("signs in at the church's own address and returns who that is", async () => {
    const { sent, api } = scripted(Response.json(session));
    expect(await api().signIn({ email: "ruth@example.org", password: "secret" })).toEqual(session);
    expect(sent[0]?.url).toBe("/api/v1/grace/auth/console/sign-in");
    expect(sent[0]?.request).toMatchObject({ method: "POST", credentials: "same-origin" });
    expect(JSON.parse(String(sent[0]?.request.body))).toEqual({
      email: "ruth@example.org",
      password: "secret",
    });
  });

  it("carries the CSRF token of the session on the next write", async () => {
    const { sent, api } = scripted(Response.json(session), new Response(null, { status: 204 }));
    const console = api();
    await console.session();
    await console.signOut();
    expect(sent[0]?.request.headers).not.toHaveProperty("X-CSRF-Token");
    expect(sent[1]?.request.headers).toHaveProperty("X-CSRF-Token", "token-1");
  });

  it("keeps a hostile church name inside its own path segment", async () => {
    const { sent, api } = scripted(problem(404, "church_not_found"));
    expect((await failure(api("../x?y").session())).status).toBe(404);
    expect(sent[0]?.url).toBe("/api/v1/..%2Fx%3Fy/auth/console/session");
  });

  it("reports nobody, not an error, when there is no session", async () => {
    expect(await scripted(problem(401, "not_signed_in")).api().session()).toBeNull();
  });

  it("takes a session that ended before the sign-out as signed out", async () => {
    await expect(scripted(problem(401, "not_signed_in")).api().signOut()).resolves.toBeUndefined();
  });

  it("passes on the server's code, its words and how long to wait", async () => {
    const { api } = scripted(problem(429, "too_many_attempts", { "Retry-After": "30" }));
    const error = await failure(api().signIn({ email: "a@b.c", password: "x" }));
    expect(error).toMatchObject({
      code: "too_many_attempts",
      detail: "In plain words.",
      retryAfterSeconds: 30,
    });
  });

  it("calls an answer that breaks off in its body offline", async () => {
    const torn = new ReadableStream({ start: (body) => body.error(new TypeError("terminated")) });
    expect((await failure(scripted(new Response(torn)).api().get("accounts"))).offline).toBe(true);
    expect((await failure(scripted(new Response('{"items": [')).api().get("accounts"))).offline).toBe(true);
  });

  describe("when somebody signed out and in again in another tab", () => {
    const renewed = { ...session, csrf: "token-2" };
    const refused = () => problem(403, "csrf");
    const gone = () => new Response(null, { status: 204 });

    it("takes the new token and does what was asked, once", async () => {
      const { sent, api } = scripted(
        Response.json(session),
        refused(),
        Response.json(renewed),
        gone(),
        gone(),
      );
      const console = api();
      await console.session();
      await console.send("POST", "chat/clear", { person: "v1" });
      expect(sent.map(({ request }) => request.method)).toEqual(["GET", "POST", "GET", "POST"]);
      expect(sent[3]?.request).toMatchObject({
        headers: { "X-CSRF-Token": "token-2" },
        body: JSON.stringify({ person: "v1" }),
      });
      await console.send("DELETE", "x");
      expect(sent[4]?.request.headers).toHaveProperty("X-CSRF-Token", "token-2");
    });

    it("asks no second time, and signs out too", async () => {
      const { sent, api } = scripted(Response.json(session), refused(), Response.json(renewed), refused());
      const console = api();
      await console.session();
      expect((await failure(console.send("POST", "x"))).code).toBe("csrf");
      expect(sent).toHaveLength(4);
      const out = scripted(Response.json(session), refused(), Response.json(renewed), gone());
      const other = out.api();
      await other.session();
      await other.signOut();
      expect(out.sent).toHaveLength(4);
    });

    it("does nothing in the name of somebody else, and asks to sign in", async () => {
      const paul = { ...renewed, person: { id: "p2", name: "Paul", roles: ["owner"] } };
      const { sent, api } = scripted(Response.json(session), refused(), Response.json(paul));
      const console = api();
      const codes: string[] = [];
      console.onSignedOut = (code) => codes.push(code);
      await console.session();
      expect((await failure(console.send("POST", "x"))).code).toBe("csrf");
      expect([sent.length, codes]).toEqual([3, ["csrf"]]);
    });
  });

  it("calls a lost connection offline and a proxy's page unavailable", async () => {
    expect((await failure(scripted(new TypeError("network")).api().session())).offline).toBe(true);
    const page = new Response("<h1>Bad gateway</h1>", { status: 502 });
    expect(await failure(scripted(page).api().session())).toMatchObject({ code: "unavailable", status: 502 });
  });
});
