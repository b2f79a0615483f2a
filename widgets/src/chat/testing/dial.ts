/** The simulated browser's own socket and fetch know no loopback; the real ones do. */

import { request } from "node:http";
import { vi } from "vitest";
import { WebSocket as Socket } from "ws";

class Dialled extends Socket {
  constructor(url: string, protocol: string) {
    super(url, protocol);
    this.on("error", () => {});
  }
}

/** Put them in place until the stubs are taken back. */
export function dial(): void {
  vi.stubGlobal("WebSocket", Dialled);
  vi.stubGlobal("fetch", nodeFetch);
}

/** Ask over Node's own HTTP, which no simulated page stands in the way of. */
export async function nodeFetch(url: string, init: RequestInit = {}): Promise<Response> {
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      { method: init.method ?? "GET", headers: init.headers as Record<string, string> },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.on("end", () =>
          resolve(new Response(Buffer.concat(parts).toString(), { status: answer.statusCode ?? 0 })),
        );
      },
    );
    asked.on("error", reject);
    asked.end(init.body as string | undefined);
  });
}
