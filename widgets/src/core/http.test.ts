// @vitest-environment node

import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Http, HttpError } from "./http";

let server: Server;
let base: string;
let last: IncomingMessage;
let tried: (string | undefined)[]; // the proofs that were shown

beforeAll(async () => {
  server = createServer((request, answer) => {
    last = request;
    const problem = {
      code: "slow_mode",
      detail: "Wait.",
      retry_after: 7,
      errors: [{ pointer: "/body", code: "x", detail: "y" }],
      extra: { card: "self_harm" },
    };
    tried.push(request.headers.authorization);
    if (request.url === "/api/half") {
      answer.writeHead(request.method === "POST" ? 201 : 403, { "content-length": 100 }).write('{"half');
      setTimeout(() => answer.destroy(), 20);
    } else if (request.url === "/api/guarded" && request.headers.authorization !== "Bearer fresh")
      answer.writeHead(401).end(JSON.stringify({ code: "token_expired", detail: "" }));
    else if (request.url === "/api/empty") answer.writeHead(204).end();
    else if (request.url === "/api/refused")
      answer.writeHead(429, { "content-type": "application/problem+json" }).end(JSON.stringify(problem));
    else if (request.url === "/api/broken") answer.writeHead(502).end("<h1>Bad gateway</h1>");
    else request.pipe(answer.writeHead(200, { "content-type": "application/json" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
});
beforeEach(() => {
  tried = [];
});
afterAll(() => server.close());

describe("a request", () => {
  it("sends JSON with the token and returns JSON", async () => {
    const http = new Http(base, async () => "t1");
    expect(await http.send("POST", "/echo", { a: 1 })).toEqual({ a: 1 });
    expect(last.headers.authorization).toBe("Bearer t1");
    expect(last.headers["content-type"]).toBe("application/json");
    expect(last.headers.cookie).toBeUndefined();
  });

  it("of nobody carries no token, and an empty answer is nothing", async () => {
    expect(await new Http(base).send("DELETE", "/empty")).toBeUndefined();
    expect(last.headers.authorization).toBeUndefined();
  });

  it("that is refused rejects with the server's code, wait and fields", async () => {
    const refused = new Http(base).get("/refused");
    await expect(refused).rejects.toMatchObject({
      status: 429,
      code: "slow_mode",
      message: "Wait.",
      retryAfter: 7,
      card: "self_harm",
    });
    await expect(refused).rejects.toSatisfy((error: HttpError) => error.errors[0]?.pointer === "/body");
  });

  it("that a proxy answered is unavailable, whatever the proxy wrote", async () => {
    await expect(new Http(base).get("/broken")).rejects.toMatchObject({
      status: 502,
      code: "unavailable",
      card: "",
    });
  });

  it("that nobody answers is offline", async () => {
    const lost = new Http("http://127.0.0.1:1").get("/");
    await expect(lost).rejects.toBeInstanceOf(HttpError);
    await expect(lost).rejects.toMatchObject({ offline: true });
  });

  it("whose answer breaks off in its body is offline as well: callers know no other error", async () => {
    const half = new Http(base).send("POST", "/half", {});
    await expect(half).rejects.toBeInstanceOf(HttpError);
    await expect(half).rejects.toMatchObject({ offline: true });
    await expect(new Http(base).get("/half")).rejects.toMatchObject({ status: 403, code: "unavailable" });
  });

  it("carries the name of its act, so that it is done once", async () => {
    await new Http(base).send("POST", "/echo", { a: 1 }, "act-1");
    expect(last.headers["idempotency-key"]).toBe("act-1");
    await new Http(base).send("POST", "/echo", { a: 1 });
    expect(last.headers["idempotency-key"]).toBeUndefined();
  });
});

describe("a token that the server refuses", () => {
  const brought = (next: string | null) => async (refused?: string) => (refused === "stale" ? next : "stale");

  it("is renewed and shown once more, with the same words", async () => {
    expect(await new Http(base, brought("fresh")).send("POST", "/guarded", { a: 1 })).toEqual({ a: 1 });
    expect(tried).toEqual(["Bearer stale", "Bearer fresh"]);
  });

  it("that cannot be renewed leaves the reader nobody, and one that is the same is not shown again", async () => {
    await expect(new Http(base, brought(null)).get("/guarded")).rejects.toMatchObject({ status: 401 });
    expect(tried).toEqual(["Bearer stale", undefined]);
    tried = [];
    await expect(new Http(base, brought("stale")).get("/guarded")).rejects.toMatchObject({ status: 401 });
    expect(tried).toEqual(["Bearer stale"]);
  });

  it("is refused for good the second time, and nobody asks twice for nobody", async () => {
    await expect(new Http(base, brought("other")).get("/guarded")).rejects.toMatchObject({ status: 401 });
    expect(tried).toEqual(["Bearer stale", "Bearer other"]);
    tried = [];
    await expect(new Http(base).get("/guarded")).rejects.toMatchObject({ code: "token_expired" });
    expect(tried).toEqual([undefined]);
  });
});
