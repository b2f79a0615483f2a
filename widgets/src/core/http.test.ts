// @vitest-environment node

import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Http, HttpError } from "./http";

let server: Server;
let base: string;
let last: IncomingMessage;

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
    if (request.url === "/api/empty") answer.writeHead(204).end();
    else if (request.url === "/api/refused")
      answer.writeHead(429, { "content-type": "application/problem+json" }).end(JSON.stringify(problem));
    else if (request.url === "/api/broken") answer.writeHead(502).end("<h1>Bad gateway</h1>");
    else request.pipe(answer.writeHead(200, { "content-type": "application/json" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
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
});
